"""A loaded model -> a torch module of the same function, and its trained parameters -> a model again.

A parameter of the module has the name of its array, but for ``attend.``, in which a layer's scalers lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from pycosim.training.gpt2 import TorchGpt2
from pycosim.training.llama import TorchLlama
from pycosim.training.vit import TorchVit
from pycosim.transformer.gpt2 import Gpt2
from pycosim.transformer.llama import Llama
from pycosim.transformer.vit import Vit

Model = Gpt2 | Llama | Vit
AnyModel = TypeVar("AnyModel", Gpt2, Llama, Vit)
TorchModel = TorchGpt2 | TorchLlama | TorchVit
ATTEND = ".attend."


def torch_model(model: Model, attentions: Sequence[nn.Module]) -> TorchModel:
    """Return the module of a model around attention of one's own.

    Args:
        model: from `load_model` or `load_classifier`; its scalers are left to the attentions.
        attentions: one module per layer, ``attend(q, k, v)`` of arrays (batch, head, token, d_head).
    """
    with torch.random.fork_rng():  # what parameters begin as is overwritten
        match model:
            case Gpt2():
                module: TorchModel = TorchGpt2(model.config, attentions)
            case Llama():
                module = TorchLlama(model.config, attentions)
            case Vit():
                module = TorchVit(model.config, attentions)
    own = dict(module.named_parameters())
    with torch.no_grad():
        for name, parameter in own.items():
            if ATTEND not in name:
                parameter.copy_(torch.tensor(model.weights[name]))
    return module


def named_arrays(module: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Return the parameters of a module under the names of a model's arrays, float32."""
    return {
        name.replace(ATTEND, "."): parameter.detach().numpy().astype(np.float32)
        for name, parameter in module.named_parameters()
    }


def trained_model(model: AnyModel, module: nn.Module) -> AnyModel:
    """Return a model with the parameters of its module.

    Args:
        model: what the module was built of.
        module: from `torch_model`, trained.

    Raises:
        InputError: the training left a value that is not finite.
    """
    return replace(model, weights=model.weights.with_arrays(named_arrays(module)))
