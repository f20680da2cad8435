"""The shipped model: its size, and GPT-2 in PyTorch (`pycosim.training.gpt2`) under the names that the scripts use."""

from dataclasses import dataclass

from pycosim.training.gpt2 import TorchGpt2 as GPT2  # noqa: N814
from pycosim.training.softmax import SoftmaxAttention
from pycosim.transformer.parameters import Gpt2Config

__all__ = ["GPT2", "Shape", "SoftmaxAttention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Gpt2Config):
    """The size of the shipped model. Bytes are the tokens."""

    n_layer: int = 4
    n_head: int = 2
    d_head: int = 64
    n_ctx: int = 256
    n_vocab: int = 256

    @property
    def layers(self) -> range:
        """The layers' numbers."""
        return range(self.n_layer)
