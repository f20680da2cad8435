"""What every language model of this package is: sizes, a tokenizer, and tokens -> logits with any attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pycosim.transformer.attend import Attend, Tokens
from pycosim.transformer.layers import Array
from pycosim.transformer.scaled import ScaledArrays
from pycosim.transformer.tokenizer import Tokenizer


class LanguageConfig(Protocol):
    """The sizes that every language model has."""

    @property
    def n_layer(self) -> int:
        """Number of blocks."""
        ...

    @property
    def n_head(self) -> int:
        """Heads per block, as ``attend`` sees them."""
        ...

    @property
    def d_head(self) -> int:
        """Features per head."""
        ...

    @property
    def n_ctx(self) -> int:
        """The longest sequence, in tokens."""
        ...

    @property
    def n_vocab(self) -> int:
        """Number of token ids."""
        ...


class LanguageModel(Protocol):
    """A model that predicts the next token: `Gpt2` and `Llama`, from `pycosim.transformer.load.load_model`."""

    @property
    def config(self) -> LanguageConfig:
        """The sizes."""
        ...

    @property
    def weights(self) -> ScaledArrays:
        """Its arrays, scalers of analog attention among them or not."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """Text <-> tokens."""
        ...

    def hidden(self, tokens: Tokens, attend: Attend | Sequence[Attend], *, start: int = 0) -> Array:
        """Return what the head sees, (batch?, n_tokens, d_model): `logits` without its last product."""
        ...

    def head(self, hidden: Array) -> Array:
        """Return the logits of hidden states, (..., d_model) -> (..., n_vocab)."""
        ...

    def logits(
        self, tokens: Tokens, attend: Attend | Sequence[Attend], *, start: int = 0, last: int | None = None
    ) -> Array:
        """Return the logits of the token that follows each token.

        Args:
            tokens: ids 0 .. n_vocab-1, (batch?, n_tokens), with 1 <= n_tokens <= n_ctx.
            attend: ``attend(q, k, v)`` of arrays (batch?, n_head, n_tokens, d_head), float32, that returns the same
                shape; one for all layers, or a sequence with one per layer.
            start: position of the first token; more than 0 only where ``attend`` remembers the tokens before.
            last: of how many tokens, from the end, the logits are wanted; None for all.

        Returns:
            Logits, (batch?, last, n_vocab), float32.

        Raises:
            InputError: if a token id or the number of tokens is out of range, or ``attend`` does not fit.
        """
        ...
