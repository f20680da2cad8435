"""What a vision transformer is made of: its sizes and its arrays, every name and shape known in advance.

Names and layout are those of Hugging Face's ViT classifiers without the prefix ``vit.``: projections are stored as
(out, in). For analog attention there may also be, per layer and each (n_head,),
``encoder.layer.{i}.attention.scale_{q,k,v,out}.{a,b}``.
"""

from __future__ import annotations

from dataclasses import dataclass

from pycosim.errors import ConfigurationError
from pycosim.transformer.arrays import check_arrays
from pycosim.transformer.scaled import ScaledArrays, scaler_names

SIZES = ("n_layer", "n_head", "d_head", "d_mlp", "image_size", "patch_size", "n_channels", "n_classes")


@dataclass(frozen=True, slots=True, kw_only=True)
class VitConfig:
    """The sizes of a vision transformer; all at least 1.

    Attributes:
        n_layer: number of blocks.
        n_head: attention heads per block.
        d_head: features per head; ``d_model = n_head * d_head``.
        d_mlp: width inside the MLP.
        image_size: rows, and columns, of an image, a multiple of the patch.
        patch_size: rows, and columns, of the patch that makes a token.
        n_channels: 1 for grey, 3 for colour.
        n_classes: number of logits.
        epsilon: of the layer norms.
    """

    n_layer: int
    n_head: int
    d_head: int
    d_mlp: int
    image_size: int
    patch_size: int
    n_channels: int
    n_classes: int
    epsilon: float = 1e-12

    def __post_init__(self) -> None:
        for name in SIZES:
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1, found {getattr(self, name)}")
        if self.image_size % self.patch_size:
            raise ConfigurationError(
                f"image_size must be a multiple of patch_size, found {self.image_size} and {self.patch_size}"
            )
        if not self.epsilon > 0:
            raise ConfigurationError(f"epsilon must be greater than 0, found {self.epsilon}")

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""
        return self.n_head * self.d_head

    @property
    def n_tokens(self) -> int:
        """Patches of an image, and the one token more that the class is read from."""
        return (self.image_size // self.patch_size) ** 2 + 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VitWeights(ScaledArrays):
    """The parameters of one vision transformer, checked on construction.

    Attributes:
        config: the sizes.
        arrays: every parameter by its name, float32; scalers of analog attention among them or not.
        metadata: what else is known of them, as text.

    Raises:
        InputError: if a name is missing or unknown, a type or shape is wrong, or a value is not finite.
    """

    config: VitConfig

    def __post_init__(self) -> None:
        check_arrays(
            self.arrays,
            vit_shapes(self.config),
            f"ViT with {self.config}",
            optional=[scaler_names([self.attention_name(layer) for layer in range(self.config.n_layer)])],
            optional_shape=(self.config.n_head,),
        )

    def attention_name(self, layer: int) -> str:
        """Return what the names of a layer's attention begin with."""
        return f"encoder.layer.{layer}.attention"


def vit_shapes(config: VitConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array that a vision transformer of these sizes must have, by name."""
    d, patch = config.d_model, config.patch_size
    products = {
        "attention.attention.query": (d, d),
        "attention.attention.key": (d, d),
        "attention.attention.value": (d, d),
        "attention.output.dense": (d, d),
        "intermediate.dense": (config.d_mlp, d),
        "output.dense": (d, config.d_mlp),
    }
    norms = ("layernorm_before", "layernorm_after")
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.cls_token": (1, 1, d),
        "embeddings.position_embeddings": (1, config.n_tokens, d),
        "embeddings.patch_embeddings.projection.weight": (d, config.n_channels, patch, patch),
        "embeddings.patch_embeddings.projection.bias": (d,),
    }
    for i in range(config.n_layer):
        for name, shape in products.items():
            shapes[f"encoder.layer.{i}.{name}.weight"] = shape
            shapes[f"encoder.layer.{i}.{name}.bias"] = shape[:1]
        for name in norms:
            shapes |= {f"encoder.layer.{i}.{name}.{part}": (d,) for part in ("weight", "bias")}
    return shapes | {
        "layernorm.weight": (d,),
        "layernorm.bias": (d,),
        "classifier.weight": (config.n_classes, d),
        "classifier.bias": (config.n_classes,),
    }
