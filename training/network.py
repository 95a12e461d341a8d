"""tint-small in PyTorch: a stem of Zhang's network, a dilated trunk, a light decoder."""

from torch import Tensor, nn

TRUNK = 256
DILATIONS = (1, 2, 4, 2, 1)
SQUEEZE = 128
DECODER = 160
BINS = 313
BATCH_NORM_EPS = 1e-5

STEM = (
    # name, inputs, outputs, stride, followed by batch normalization
    ("conv1_1", 1, 64, 1, False),
    ("conv1_2", 64, 64, 2, True),
    ("conv2_1", 64, 128, 1, False),
    ("conv2_2", 128, 128, 2, True),
    ("conv3_1", 128, 256, 1, False),
    ("conv3_2", 256, 256, 1, False),
    ("conv3_3", 256, 256, 2, True),
)
SKIP_FROM = "conv3_2"
FROZEN = ("conv1_1", "conv1_2", "conv2_1", "conv2_2")


class ConvNorm(nn.Sequential):
    """Convolution and batch normalization; export folds the second into the first."""

    def __init__(self, conv: nn.Module, channels: int) -> None:
        super().__init__(conv, nn.BatchNorm2d(channels, eps=BATCH_NORM_EPS))


def conv3(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> ConvNorm:
    """Return a 3x3 convolution that keeps the size at stride 1, with normalization."""
    conv = nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False)
    return ConvNorm(conv, outputs)


def upsample2(inputs: int, outputs: int) -> ConvNorm:
    """Return a 4x4 transposed convolution that doubles the size, with normalization."""
    return ConvNorm(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), outputs)


class Stem(nn.Module):
    """conv1_1 to conv3_3 of the ECCV 2016 network with its batch statistics, which never change."""

    def __init__(self) -> None:
        super().__init__()
        for name, inputs, outputs, stride, norm in STEM:
            conv = nn.Conv2d(inputs, outputs, 3, stride, 1)
            self.add_module(name, conv.requires_grad_(name not in FROZEN))
            if norm:
                batch_norm = nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPS, affine=False)
                self.add_module(f"{name}norm", batch_norm)

    def forward(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """Return the features at an eighth of the input, and the skip at a quarter."""
        x = skip = lightness
        for name, *_, norm in STEM:
            x = self.get_submodule(name)(x).relu()
            if name == SKIP_FROM:
                skip = x
            if norm:
                x = self.get_submodule(f"{name}norm")(x)
        return x, skip


class TintSmall(nn.Module):
    """Lightness - 50, (n, 1, h, w), to logits over 313 bins, (n, 313, h/4, w/4); h, w % 16 = 0."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Stem().eval()
        self.down = conv3(TRUNK, TRUNK, stride=2)
        self.blocks = nn.ModuleList(conv3(TRUNK, TRUNK, dilation=d) for d in DILATIONS)
        self.squeeze = nn.Conv2d(TRUNK, SQUEEZE, 1)
        self.excite = nn.Conv2d(SQUEEZE, TRUNK, 1)
        self.up1 = upsample2(TRUNK, DECODER)
        self.skip1 = nn.Conv2d(TRUNK, DECODER, 1)
        self.up2 = upsample2(DECODER, DECODER)
        self.skip2 = nn.Conv2d(TRUNK, DECODER, 1)
        self.refine = conv3(DECODER, DECODER)
        self.bins = nn.Conv2d(DECODER, BINS, 1)

    def train(self, mode: bool = True) -> "TintSmall":
        """Switch all but the stem, which keeps its batch statistics."""
        super().train(mode)
        self.stem.eval()
        return self

    def forward(self, lightness: Tensor) -> Tensor:
        """Return logits; their softmax is the distribution over the bins."""
        eighth, quarter = self.stem(lightness)
        x = self.down(eighth).relu()
        for block in self.blocks:
            x = x + block(x).relu()
        scene = self.squeeze(x.mean((2, 3), keepdim=True)).relu()
        x = x * self.excite(scene).sigmoid()
        x = (self.up1(x) + self.skip1(eighth)).relu()
        x = (self.up2(x) + self.skip2(quarter)).relu()
        x = self.refine(x).relu()
        logits: Tensor = self.bins(x)
        return logits

    def new_parameters(self) -> list[nn.Parameter]:
        """Return every parameter outside the stem."""
        return [p for name, p in self.named_parameters() if not name.startswith("stem.")]

    def tuned_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the stem's last layers, which begin trained."""
        return [p for p in self.stem.parameters() if p.requires_grad]
