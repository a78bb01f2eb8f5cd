import copy
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

import tools

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch without numpy says so
    import torch
from torch import nn

import ordo
from ordo.train import Random, shrink_perturb_

torch.set_num_threads(2)


def perceptron():
    net = nn.Sequential()
    net.add_module("layers", nn.ModuleList([nn.Linear(12, 9), nn.Linear(9, 7)]))
    net.add_module("norm", nn.BatchNorm1d(7))
    net.add_module("head", nn.Linear(7, 3))
    return net


def values_of(module):
    return {name: value.detach().clone() for name, value in module.named_parameters()}


def read_safetensors(path):
    """Name to float32 tensor, by the format's definition."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        data = bytearray(file.read())
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__" and about["dtype"] == "F32":
            begin, end = about["data_offsets"]
            flat = torch.frombuffer(data[begin:end], dtype=torch.float32)
            tensors[name] = flat.reshape(about["shape"])
    return tensors


class Sharing(unittest.TestCase):
    def test_tensors_are_changed_where_they_lie(self):
        net = perceptron()
        before = {name: value.data_ptr() for name, value in net.named_parameters()}
        old = values_of(net)
        self.assertIs(shrink_perturb_(net), net)
        for name, value in net.named_parameters():
            self.assertEqual(value.data_ptr(), before[name])
            if name != "norm.bias":  # 0 in this network, as in a fresh one
                self.assertFalse(torch.equal(value, old[name]), name)
            self.assertTrue(value.requires_grad)

    def test_a_view_changes_its_base(self):
        base = torch.zeros(4, 6)
        shrink_perturb_([base[:, 1:3]], 1.0, 1.0, noise="gaussian")
        self.assertEqual(torch.count_nonzero(base), 8)
        self.assertTrue((base[:, 1:3] != 0).all())

    def test_backward_notices_that_saved_tensors_changed(self):
        weight = torch.ones(3, requires_grad=True)
        loss = (weight * weight).sum()
        shrink_perturb_([weight], noise="gaussian")
        with self.assertRaisesRegex(RuntimeError, "modified by an inplace operation"):
            loss.backward()


class Formula(unittest.TestCase):
    """theta <- lambda theta + gamma phi, against the same in torch."""

    def phi(self, net, **options):
        fresh = copy.deepcopy(net)
        shrink_perturb_(fresh, 0, 1, **options)
        return values_of(fresh)

    def test_is_the_blend_of_old_and_fresh(self):
        for dtype, tolerance in ((torch.float32, 1e-7), (torch.float64, 1e-15)):
            net = perceptron().to(dtype)
            old, phi = values_of(net), self.phi(net, stream=5)
            shrink_perturb_(net, 0.6, 0.25, stream=5)
            for name, value in net.named_parameters():
                wanted = 0.6 * old[name] + 0.25 * phi[name]
                torch.testing.assert_close(value.detach(), wanted, rtol=0, atol=tolerance)

    def test_half_precision_is_the_blend_rounded_once(self):
        for dtype in (torch.float16, torch.bfloat16):
            wide = torch.linspace(-1, 1, 200).to(dtype).float()
            narrow = wide.to(dtype)
            shrink_perturb_([wide], 0.5, 0.1, noise="gaussian")
            shrink_perturb_([narrow], 0.5, 0.1, noise="gaussian")
            self.assertTrue(torch.equal(narrow, wide.to(dtype)))

    def test_keeping_everything_changes_no_bit(self):
        net = perceptron()
        old = values_of(net)
        shrink_perturb_(net, 1, 0)
        for name, value in net.named_parameters():
            self.assertTrue(torch.equal(value, old[name]))

    def test_shrinking_to_nothing_forgets_even_nan(self):
        net, broken = perceptron(), perceptron()
        with torch.no_grad():
            for value in broken.parameters():
                value.fill_(math.nan)
        shrink_perturb_(net, 0, 1, stream=3)
        shrink_perturb_(broken, 0, 1, stream=3)
        for left, right in zip(net.parameters(), broken.parameters()):
            self.assertTrue(torch.equal(left, right))

    def test_gaussian_noise_is_normal(self):
        value = torch.zeros(200_000)
        shrink_perturb_([value], 1, 0.5, stream=1, noise="gaussian")
        self.assertLess(abs(value.mean()), 5 * 0.5 / math.sqrt(200_000))
        self.assertLess(abs(value.std() - 0.5), 5 * 0.5 / math.sqrt(400_000))

    def test_fresh_is_taken_as_it_is(self):
        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.table = nn.Parameter(torch.randn(5, 2))

        net, fresh = Own(), Own()
        old = net.table.detach().clone()
        shrink_perturb_(net, 0.4, 0.1, fresh=fresh)
        torch.testing.assert_close(net.table.detach(), 0.4 * old + 0.1 * fresh.table.detach())
        with self.assertRaisesRegex(ordo.UsageError, "'table'.*Own is not one of torch's layers"):
            shrink_perturb_(net)
        with self.assertRaisesRegex(ordo.UsageError, r"shape \[5, 2\], found shape \[4, 2\]"):
            other = Own()
            other.table = nn.Parameter(torch.zeros(4, 2))
            shrink_perturb_(net, fresh=other)

    def test_only_what_is_chosen_changes(self):
        def changed(**options):
            net = perceptron()
            old = values_of(net)
            shrink_perturb_(net, 0.5, 0.5, **options)
            return {name for name, value in net.named_parameters() if not value.equal(old[name])}

        everything = changed()
        head = {"head.weight", "head.bias"}
        self.assertEqual(changed(layers="head"), head)
        self.assertEqual(changed(layers="body"), everything - head)
        self.assertEqual(changed(layers="head", head="layers.1"), {"layers.1.weight", "layers.1.bias"})
        norms = {"norm.weight", "norm.bias"}
        self.assertTrue(changed(include=["norms"]) <= norms)
        self.assertEqual(
            changed(include=["biases"]), {"layers.0.bias", "layers.1.bias", "head.bias"}
        )
        weights = {name for name in everything if name.endswith("weight")} - norms
        self.assertEqual(changed(include=["weights"]), weights)

    def test_running_statistics_and_momentum_begin_anew(self):
        net = perceptron()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        for value in net.parameters():
            value.grad = torch.ones_like(value)
        optimizer.step()
        net.norm(torch.randn(8, 7))
        shrink_perturb_(net, buffers="keep")
        self.assertEqual(net.norm.num_batches_tracked, 1)
        self.assertTrue(optimizer.state)
        shrink_perturb_(net, optimizer=optimizer)
        self.assertEqual(net.norm.num_batches_tracked, 0)
        self.assertTrue(torch.equal(net.norm.running_mean, torch.zeros(7)))
        self.assertFalse(optimizer.state)


class Streams(unittest.TestCase):
    def test_a_seed_and_a_stream_of_it_are_the_same(self):
        left, right = torch.zeros(50), torch.zeros(50)
        shrink_perturb_([left], 0, 1, stream=9, noise="gaussian")
        shrink_perturb_([right], 0, 1, stream=Random(9), noise="gaussian")
        self.assertTrue(torch.equal(left, right))

    def test_named_tensors_draw_by_their_names_as_the_module_does(self):
        left, right = perceptron(), perceptron()
        shrink_perturb_(left, 0, 1, stream=2, noise="gaussian")
        shrink_perturb_(right.named_parameters(), 0, 1, stream=2, noise="gaussian")
        for one, other in zip(left.parameters(), right.parameters()):
            self.assertTrue(torch.equal(one, other))

    def test_numbers_do_not_depend_on_threads_or_torchs_generator(self):
        def draw(threads, seed):
            torch.manual_seed(seed)
            before = torch.get_rng_state()
            torch.set_num_threads(threads)
            value = torch.zeros(300_001)
            shrink_perturb_([value], 0, 1, stream=4, noise="gaussian")
            self.assertTrue(torch.equal(torch.get_rng_state(), before))
            return value

        try:
            self.assertTrue(torch.equal(draw(1, 1), draw(2, 2)))
        finally:
            torch.set_num_threads(2)

    def test_streams_split(self):
        self.assertEqual(Random(1).split("a").next64(), Random(1).split("a").next64())
        numbers = {Random(1).split(k).next64() for k in range(100)}
        numbers |= {Random(1).split(str(k)).next64() for k in range(100)}
        self.assertEqual(len(numbers), 200)
        stream = Random(1)
        stream.next64()
        self.assertEqual(stream.split(3).next64(), Random(1).split(3).next64())

    def test_equals_what_the_program_draws(self):
        """`ordo train run` with a learning rate of 0 writes the network that C++ has drawn, and the
        one that C++ has shrunk and perturbed; phi's streams are seed/init and seed/start."""
        with tempfile.TemporaryDirectory() as folder:

            def train(out, *words):
                words = ["train", "run", "--data", "digits", "--model", "mlp:hidden=[20,10]",
                         "--rate", "0", "--epochs", "1", "--out", out, *words]  # fmt: skip
                subprocess.run(
                    [os.path.join(tools.PROGRAMS, "ordo"), *words],
                    cwd=folder, check=True, stdout=subprocess.DEVNULL,
                )  # fmt: skip
                return read_safetensors(os.path.join(folder, out, "model.safetensors"))

            first = train("first", "--seed", "7")
            second = train("second", "--seed", "8", "--from", "first", "--init", "sp:shrink=0.4,perturb=0.1")

        net = nn.Module()
        for name, value in first.items():
            if "running" in name:
                continue
            *path, own = name.split(".")
            place = net
            for part in path[:-1]:
                if not hasattr(place, part):
                    place.add_module(part, nn.Module())
                place = getattr(place, part)
            if not hasattr(place, path[-1]):
                layer = (
                    nn.Linear(first[".".join(path) + ".weight"].shape[1], value.shape[0])
                    if first[".".join(path) + ".weight"].dim() == 2
                    else nn.BatchNorm1d(value.shape[0])
                )
                place.add_module(path[-1], layer)
        wanted = {name for name in first if "running" not in name}
        self.assertEqual(set(values_of(net)), wanted)
        shrink_perturb_(net, 0, 1, stream=Random(7).split("init"))
        for name, value in net.named_parameters():
            self.assertTrue(torch.equal(value, first[name]), name)
        shrink_perturb_(net, 0.4, 0.1, stream=Random(8).split("start"))
        for name, value in net.named_parameters():
            self.assertTrue(torch.equal(value, second[name]), name)


class Fresh(unittest.TestCase):
    """phi is distributed as torch's own fresh layers are."""

    LAYERS = {
        "linear": lambda: nn.Linear(300, 200),
        "conv1d": lambda: nn.Conv1d(30, 40, 7),
        "conv2d, groups": lambda: nn.Conv2d(32, 64, 5, groups=4),
        "conv3d": lambda: nn.Conv3d(8, 40, 3),
        "transposed": lambda: nn.ConvTranspose2d(40, 30, 5),
        "bilinear": lambda: nn.Bilinear(30, 20, 40),
        "embedding": lambda: nn.Embedding(400, 50, padding_idx=3),
        "bag": lambda: nn.EmbeddingBag(400, 50),
        "lstm": lambda: nn.LSTM(60, 80, num_layers=2, proj_size=20, bidirectional=True),
        "gru cell": lambda: nn.GRUCell(60, 80),
        "attention": lambda: nn.MultiheadAttention(64, 4, add_bias_kv=True),
        "attention, other keys": lambda: nn.MultiheadAttention(64, 4, kdim=48, vdim=32),
        "norms": lambda: nn.Sequential(
            nn.BatchNorm2d(5), nn.LayerNorm([4, 3]), nn.GroupNorm(2, 6), nn.RMSNorm(7),
            nn.InstanceNorm1d(3, affine=True), nn.SyncBatchNorm(4),
        ),  # fmt: skip
        "prelu": lambda: nn.PReLU(3, init=0.1),
        "encoder": lambda: nn.TransformerEncoderLayer(32, 4, 64),
    }

    def test_each_kind_of_layer(self):
        torch.manual_seed(0)
        for name, make in self.LAYERS.items():
            with self.subTest(name):
                layer, own = make(), dict(make().named_parameters())
                with torch.no_grad():
                    for value in layer.parameters():
                        value.fill_(math.nan)
                shrink_perturb_(layer, 0, 1)
                for parameter, value in layer.named_parameters():
                    self.compare(parameter, value.detach(), own[parameter].detach())

    def compare(self, name, ours, torchs):
        """Two samples of one distribution, of mean 0 unless it is constant."""
        if torchs.numel() < 3 or torchs.std() == 0:
            self.assertTrue(torch.equal(ours, torchs), name)
            return
        n = ours.numel()
        self.assertLess(abs(ours.mean()), 5 * torchs.std() / math.sqrt(n), name)
        # A standard deviation's own is below std / sqrt(2 n) for these; two are compared.
        self.assertLess(abs(ours.std() / torchs.std() - 1), 5 / math.sqrt(n), name)
        if n > 1000:
            self.assertLess(abs(ours.abs().max() / torchs.abs().max() - 1), 0.25, name)

    def test_padding_stays_zero_or_shrinks(self):
        table = nn.Embedding(10, 4, padding_idx=3)
        with torch.no_grad():
            table.weight.fill_(1)
        shrink_perturb_(table, 0.5, 1)
        self.assertTrue(torch.equal(table.weight[3].detach(), torch.full((4,), 0.5)))
        self.assertFalse(table.weight[2].eq(0.5).any())

    def test_shared_parameters_are_blended_once(self):
        net = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 20, bias=False))
        net[1].weight = net[0].weight
        old = net[0].weight.detach().clone()
        shrink_perturb_(net, 0.5, 0)
        self.assertTrue(torch.equal(net[1].weight.detach(), 0.5 * old))


class Refusals(unittest.TestCase):
    def refuse(self, words, *arguments, **options):
        net = perceptron()
        old = values_of(net)
        with self.assertRaisesRegex(ordo.UsageError, words):
            shrink_perturb_(net, *arguments, **options)
        for name, value in net.named_parameters():
            self.assertTrue(torch.equal(value, old[name]))

    def test_of_values_out_of_range(self):
        self.refuse("shrink: expected a number from 0 to 1, found 1.5", 1.5)
        self.refuse("shrink", math.nan)
        self.refuse("perturb: expected a number of at least 0, found -1", 0.5, -1)
        self.refuse("perturb", 0.5, math.inf)
        self.refuse("noise: expected 'init' or 'gaussian', found 'uniform'", noise="uniform")
        self.refuse("layers", layers="first")
        self.refuse("include: expected a list", include="weights")
        self.refuse("include", include=["weight"])
        self.refuse("no parameters in a layer 'tail'", layers="head", head="tail")

    def test_of_what_cannot_be_blended(self):
        for words, target in (
            ("tensors alone do not tell", [torch.zeros(3)]),
            ("has no parameters", nn.ReLU()),
        ):
            with self.assertRaisesRegex(ordo.UsageError, words):
                shrink_perturb_(target)
        for words, target in (
            ("'tensor 0' holds int64", [torch.zeros(3, dtype=torch.int64)]),
            ("used up", iter([])),
            ("number 1 is int", [torch.zeros(3), 4]),
        ):
            with self.assertRaisesRegex(ordo.UsageError, words):
                shrink_perturb_(target, noise="gaussian")

    def test_as_value_errors_too(self):
        with self.assertRaises(ValueError):
            shrink_perturb_(perceptron(), 2)


class Working(unittest.TestCase):
    def test_other_threads_run_meanwhile(self):
        """This thread counts while a large blend runs in another. If the blend held the
        interpreter's lock, it could count for a switch interval only."""
        interval = sys.getswitchinterval()
        self.addCleanup(sys.setswitchinterval, interval)
        sys.setswitchinterval(1e-4)
        value, counts, finished = torch.zeros(30_000_000), [0], threading.Event()
        during = []

        def work():
            before = counts[0]
            shrink_perturb_([value], noise="gaussian")
            during.append(counts[0] - before)
            finished.set()

        thread = threading.Thread(target=work)
        thread.start()
        while not finished.is_set():
            counts[0] += 1
        thread.join()
        self.assertGreater(during[0], 5_000)


if __name__ == "__main__":
    unittest.main()
