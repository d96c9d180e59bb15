"""Why a prediction was made."""

# pytorch-grad-cam imports torchvision, which may need help to be importable.
import layerscope.vision  # noqa: F401
