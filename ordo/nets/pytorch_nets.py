"""The networks of this room in plain PyTorch, with the same names of parameters: the reference of
the tests and the peer of the benchmark.

  pytorch_nets.py FOLDER...   reads FOLDER/model (a model folder) and FOLDER/batch.safetensors
                              ("input", "labels"), writes FOLDER/reference.safetensors: "logits" and
                              "loss" in training, "gradient.NAME", "buffer.NAME" after that pass,
                              and "evaluation", the logits in evaluation mode afterwards.
"""
import json
import pathlib
import struct
import sys

import torch
from torch import nn

TYPES = {"F32": torch.float32, "I64": torch.int64}
CODES = {kind: code for code, kind in TYPES.items()}


def read_tensors(path):
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        piece = bytearray(data[8 + size + begin:8 + size + end])
        tensors[name] = torch.frombuffer(piece, dtype=TYPES[entry["dtype"]]).view(entry["shape"])
    return tensors


def write_tensors(path, tensors):
    header, pieces, offset = {}, [], 0
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
        piece = bytes(tensor.detach().contiguous().flatten().view(torch.uint8).tolist())
        header[name] = {"dtype": CODES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [offset, offset + len(piece)]}
        pieces.append(piece)
        offset += len(piece)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(pieces))


class Ghosts(nn.Module):
    """Batch norm of one ghost after another, as training on each in turn would have it."""

    def __init__(self, norm, size, remainder):
        super().__init__()
        self.norm, self.size, self.remainder = norm, size, remainder

    def forward(self, x):
        if not self.training or self.size == 0 or len(x) <= self.size:
            return self.norm(x)
        pieces = list(x.split(self.size))
        few = max(2, self.size / 2) if self.remainder == "merge" else 2
        if len(pieces[-1]) < few and (self.remainder == "merge" or pieces[-1][:, 0].numel() < 2):
            pieces[-2:] = [torch.cat(pieces[-2:])]
        return torch.cat([self.norm(piece) for piece in pieces])


def with_ghosts(net, ghost, remainder):
    """Puts each batch norm into Ghosts, and its tensors under the names that it had."""
    for name, child in list(net.named_children()):
        if isinstance(child, (nn.BatchNorm1d, nn.BatchNorm2d)):
            setattr(net, name, Ghosts(child, ghost, remainder))
        else:
            with_ghosts(child, ghost, remainder)


def plain(name):
    """A tensor's name without the part that Ghosts adds."""
    parts = name.split(".")
    return ".".join(parts[:-2] + parts[-1:] if parts[-2:-1] == ["norm"] else parts)


class Mlp(nn.Module):
    def __init__(self, spec, hidden=(100, 100), activation="relu", batch_norm=False, dropout=0,
                 bias=True):
        super().__init__()
        assert dropout == 0, "masks are drawn from other streams"
        widths = [torch.Size(spec["input"]).numel(), *hidden]
        self.layers = nn.ModuleList(nn.Linear(a, b, bias) for a, b in zip(widths, widths[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm1d(b) for b in hidden if batch_norm)
        self.activation = {"relu": torch.relu, "tanh": torch.tanh}[activation]
        self.head = nn.Linear(widths[-1], spec["outputs"], bias)

    def forward(self, x):
        x = x.flatten(1)
        for i, layer in enumerate(self.layers):
            x = layer(x)
            x = self.activation(self.norms[i](x) if len(self.norms) else x)
        return self.head(x)


def logistic(spec, bias=True):
    return Mlp(spec, hidden=(), bias=bias)


class Cnn(nn.Module):
    def __init__(self, spec, channels=(8, 16), kernel=3, stride=2, batch_norm=True):
        super().__init__()
        sizes = [spec["input"][0], *channels]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, kernel, stride, kernel // 2, bias=not batch_norm)
            for a, b in zip(sizes, sizes[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(b) for b in channels if batch_norm)
        with torch.no_grad():
            x = torch.zeros(1, *spec["input"])
            for convolution in self.convolutions:
                x = convolution(x)
        self.head = nn.Linear(x.numel(), spec["outputs"])

    def forward(self, x):
        for i, convolution in enumerate(self.convolutions):
            x = convolution(x)
            x = torch.relu(self.norms[i](x) if len(self.norms) else x)
        return self.head(x.flatten(1))


class C1(nn.Module):
    def __init__(self, spec, channels=64, hidden=(384, 192), dropout=0.5):
        super().__init__()
        assert dropout == 0, "masks are drawn from other streams"
        sizes = [spec["input"][0], channels, channels]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 5, 1, 2, bias=False) for a, b in zip(sizes, sizes[1:]))
        with torch.no_grad():
            x = torch.zeros(1, *spec["input"])
            for convolution in self.convolutions:
                x = nn.functional.max_pool2d(convolution(x), 3, 2)
        widths = [x.numel(), *hidden]
        self.layers = nn.ModuleList(
            nn.Linear(a, b, bias=False) for a, b in zip(widths, widths[1:]))
        self.norms = nn.ModuleList([nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)]
                                   + [nn.BatchNorm1d(b) for b in hidden])
        self.head = nn.Linear(widths[-1], spec["outputs"])

    def forward(self, x):
        for norm, convolution in zip(self.norms, self.convolutions):
            x = torch.relu(norm(nn.functional.max_pool2d(convolution(x), 3, 2)))
        x = x.flatten(1)
        for norm, layer in zip(self.norms[2:], self.layers):
            x = torch.relu(norm(layer(x)))
        return self.head(x)


class Block(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(a, b, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(b)
        self.conv2 = nn.Conv2d(b, b, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(b)
        self.projected = stride != 1 or a != b
        if self.projected:
            self.shortcut = nn.Conv2d(a, b, 1, stride, bias=False)
            self.shortcut_norm = nn.BatchNorm2d(b)

    def forward(self, x):
        y = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return torch.relu(y + (self.shortcut_norm(self.shortcut(x)) if self.projected else x))


class ResNet(nn.Module):
    def __init__(self, spec, stem=16, widths=(16, 32, 64, 128), blocks=2):
        super().__init__()
        self.stem = nn.Conv2d(spec["input"][0], stem, 3, 1, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(stem)
        self.blocks = nn.ModuleList()
        for stage, width in enumerate(widths):
            for block in range(blocks):
                self.blocks.append(Block(stem, width, 2 if stage and not block else 1))
                stem = width
        self.head = nn.Linear(stem, spec["outputs"])

    def forward(self, x):
        x = torch.relu(self.stem_norm(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


KINDS = {"mlp": Mlp, "logistic": logistic, "cnn": Cnn, "c1": C1, "resnet": ResNet}


def make_net(spec):
    options = {name.replace("-", "_"): value for name, value in spec.get("options", {}).items()}
    ghost, remainder = options.pop("ghost", 0), options.pop("ghost_remainder", "merge")
    net = KINDS[spec["name"]](spec, **options)
    if ghost:
        with_ghosts(net, ghost, remainder)
    return net


def compute_reference(folder):
    net = make_net(json.loads((folder / "model/model.json").read_text())["net"])
    state = read_tensors(folder / "model/model.safetensors")
    net.load_state_dict({name: state[plain(name)] for name in net.state_dict()})
    batch = read_tensors(folder / "batch.safetensors")
    logits = net(batch["input"])
    loss = nn.functional.cross_entropy(logits, batch["labels"])
    loss.backward()
    result = {"logits": logits, "loss": loss}
    for name, parameter in net.named_parameters():
        result["gradient." + plain(name)] = parameter.grad
    for name, buffer in net.named_buffers():
        result["buffer." + plain(name)] = buffer.clone()
    net.eval()
    result["evaluation"] = net(batch["input"])
    write_tensors(folder / "reference.safetensors", result)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        compute_reference(pathlib.Path(argument))
