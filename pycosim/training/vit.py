"""A vision transformer in PyTorch, its parameters named and shaped as `pycosim.transformer.vit_parameters` has them.

No token hides from another: what attends must not be causal.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pycosim.training.heads import merge_heads, split_heads
from pycosim.transformer.vit_parameters import VitConfig


class VitEmbeddings(nn.Module):
    """Images (batch, channel, row, column) -> the class token and one token per patch, (batch, token, d_model)."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.d_model))
        self.position_embeddings = nn.Parameter(torch.randn(1, config.n_tokens, config.d_model) * 0.02)
        patch = config.patch_size
        self.patch_embeddings = nn.ModuleDict(
            {"projection": nn.Conv2d(config.n_channels, config.d_model, kernel_size=patch, stride=patch)}
        )

    def forward(self, images: Tensor) -> Tensor:
        """Cut and project."""
        patches = self.patch_embeddings["projection"](images).flatten(2).transpose(1, 2)  # (batch, patch, d_model)
        first = self.cls_token.expand(len(patches), -1, -1)
        return torch.cat([first, patches], dim=1) + self.position_embeddings


class VitAttention(nn.Module):
    """Projections around ``attend(q, k, v)`` of arrays (batch, head, token, d_head)."""

    def __init__(self, config: VitConfig, attend: nn.Module) -> None:
        super().__init__()
        d, self.n_head, self.attend = config.d_model, config.n_head, attend
        self.attention = nn.ModuleDict({name: nn.Linear(d, d) for name in ("query", "key", "value")})
        self.output = nn.ModuleDict({"dense": nn.Linear(d, d)})

    def forward(self, x: Tensor) -> Tensor:
        """Mix tokens; (batch, token, d_model)."""
        q, k, v = (split_heads(self.attention[name](x), self.n_head) for name in ("query", "key", "value"))
        return self.output["dense"](merge_heads(self.attend(q, k, v)))


class VitBlock(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, config: VitConfig, attend: nn.Module) -> None:
        super().__init__()
        self.layernorm_before = nn.LayerNorm(config.d_model, eps=config.epsilon)
        self.attention = VitAttention(config, attend)
        self.layernorm_after = nn.LayerNorm(config.d_model, eps=config.epsilon)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(config.d_model, config.d_mlp)})
        self.output = nn.ModuleDict({"dense": nn.Linear(config.d_mlp, config.d_model)})

    def forward(self, x: Tensor) -> Tensor:
        """Add attention, then the MLP; (batch, token, d_model)."""
        x = x + self.attention(self.layernorm_before(x))
        inner = functional.gelu(self.intermediate["dense"](self.layernorm_after(x)))
        return x + self.output["dense"](inner)


class TorchVit(nn.Module):
    """Images (batch, channel, row, column) -> logits of classes (batch, class).

    Args:
        config: the sizes.
        attentions: one module per layer, ``attend(q, k, v)`` of arrays (batch, head, token, d_head), not causal.
    """

    def __init__(self, config: VitConfig, attentions: Sequence[nn.Module]) -> None:
        super().__init__()
        self.embeddings = VitEmbeddings(config)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(VitBlock(config, attend) for attend in attentions)})
        self.layernorm = nn.LayerNorm(config.d_model, eps=config.epsilon)
        self.classifier = nn.Linear(config.d_model, config.n_classes)

    def attention_parts(self) -> list[nn.Module]:
        """The module of each layer that has ``attend``."""
        return [block.attention for block in self.encoder["layer"]]

    def forward(self, images: Tensor) -> Tensor:
        """Return logits."""
        x = self.embeddings(images)
        for block in self.encoder["layer"]:
            x = block(x)
        return self.classifier(self.layernorm(x[:, 0]))
