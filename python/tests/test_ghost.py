import copy
import itertools
import pickle
import unittest
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch without numpy says so
    import torch
from torch import nn

import ordo
from ordo.train import GhostBatchNorm1d, GhostBatchNorm2d, GhostBatchNorm3d, convert_batch_norm

torch.set_num_threads(2)

# The dossier's batch: eight rows of two channels, ghosts of four.
X = torch.tensor(
    [[1, 10], [2, 12], [4, 8], [3, 6], [0, 5], [-2, 7], [5, 9], [1, -1]], dtype=torch.float64
)


def layer(**options):
    made = GhostBatchNorm1d(2, 4, dtype=torch.float64, **options)
    with torch.no_grad():
        made.weight.copy_(torch.tensor([2, 0.5], dtype=torch.float64))
        made.bias.copy_(torch.tensor([0.1, -1], dtype=torch.float64))
    return made


def by_chunks(plain, input, sizes):
    """The reference: torch's layer on one chunk after another."""
    return torch.cat([plain(chunk) for chunk in input.split(sizes)])


class Oracles(unittest.TestCase):
    def test_oracle_01_outputs_and_running_statistics(self):
        norm = layer()
        wanted = [
            (-2.5832708399, -0.7763934259), (-0.7944236133, -0.3291802776),
            (2.7832708399, -1.2236065741), (0.9944236133, -1.6708197224),
            (-0.6844639371, -1), (-2.2533918114, -0.7327388535),
            (3.2378557485, -0.4654777071), (0.1, -1.8017834394),
        ]  # fmt: skip
        self.close(norm(X), wanted)
        self.close(norm.running_mean, (0.325, 1.31))
        self.close(norm.running_var, (1.8266666667, 3.2766666667))
        self.assertEqual(norm.num_batches_tracked, 2)
        norm.eval()
        self.close(norm(X[:2]), [(1.0988561038, 1.4003412387), (2.5786429243, 1.952778808)])

    def test_oracle_02_one_ghost_is_batch_norm(self):
        norm = GhostBatchNorm1d(2, 0, dtype=torch.float64)
        self.close(norm(X)[0], (-0.3560340963, 0.8164962785))
        self.close(norm.running_mean, (0.175, 0.7))
        self.close(norm.running_var, (1.4071428571, 2.4428571429))

    def test_oracle_03_the_papers_readings(self):
        literal = layer(running="paper_literal")
        literal(X)
        # The dossier's means begin at 0 and so leave out what is kept of it.
        self.close(literal.running_mean, (0.306, 1.215))
        deviation = layer(running="paper_std")
        deviation(X)
        self.close(deviation.running_std, (1.1655746333, 1.3854121915))
        self.assertIsNone(deviation.running_var)
        deviation.eval()
        mean, std = deviation.running_mean, deviation.running_std
        wanted = (X - mean) / std * deviation.weight + deviation.bias
        torch.testing.assert_close(deviation(X), wanted)

    def test_oracle_04_gradients(self):
        norm, x = GhostBatchNorm1d(2, 4, dtype=torch.float64), X.clone().requires_grad_()
        weights = torch.tensor(
            [[(2 * row + column) / 10 for column in range(2)] for row in range(8)],
            dtype=torch.float64,
        )
        (norm(x) * weights).sum().backward()
        wanted = [
            (-0.0536671341, -0.0983869642), (-0.0178890447, 0.0626096261),
            (-0.1252175886, 0.0089443345), (0.1967737674, 0.0268330036),
            (-0.1025837688, -0.0801783439), (0.0060342684, -0.01145406),
            (-0.0211200901, 0.0572702239), (0.1176695906, 0.0343621801),
        ]  # fmt: skip
        self.close(x.grad, wanted)
        self.close(norm.weight.grad, (1.1077708592, -1.1431588716))
        self.close(norm.bias.grad, (5.6, 6.4))
        for ghost in x.grad.split(4):
            self.assertLess(ghost.sum(0).abs().max(), 1e-12)

    def close(self, found, wanted):
        wanted = torch.tensor(wanted, dtype=torch.float64)
        torch.testing.assert_close(found.detach(), wanted, rtol=0, atol=6e-11)


class AgainstChunks(unittest.TestCase):
    """torch's batch norm on each ghost in turn: outputs, running statistics, gradients."""

    CASES = [
        (GhostBatchNorm1d, nn.BatchNorm1d, (24, 5)),
        (GhostBatchNorm1d, nn.BatchNorm1d, (24, 5, 3)),
        (GhostBatchNorm2d, nn.BatchNorm2d, (24, 5, 4, 3)),
        (GhostBatchNorm3d, nn.BatchNorm3d, (24, 5, 2, 3, 2)),
    ]

    def compare(self, ghosts, plain, input, sizes, tolerance):
        plain.load_state_dict(ghosts.state_dict())
        left, right = input.clone().requires_grad_(), input.clone().requires_grad_()
        one, other = ghosts(left), by_chunks(plain, right, sizes)
        close = dict(rtol=tolerance, atol=tolerance)
        torch.testing.assert_close(one, other, **close)
        slope = torch.randn_like(one)
        one.backward(slope)
        other.backward(slope)
        torch.testing.assert_close(left.grad, right.grad, **close)
        for (name, mine), yours in zip(ghosts.named_parameters(), plain.parameters()):
            torch.testing.assert_close(mine.grad, yours.grad, **close, msg=name)
        for name, mine in ghosts.named_buffers():
            torch.testing.assert_close(mine, dict(plain.named_buffers())[name], **close, msg=name)

    def test_outputs_statistics_and_gradients_agree(self):
        torch.manual_seed(1)
        for make, reference, shape in self.CASES:
            for dtype, tolerance in ((torch.float64, 1e-11), (torch.float32, 5e-5)):
                with self.subTest(shape=shape, dtype=dtype):
                    ghosts = make(5, 6, dtype=dtype)
                    nn.init.uniform_(ghosts.weight)
                    nn.init.uniform_(ghosts.bias)
                    input = torch.randn(shape, dtype=dtype) * 2 + 1
                    self.compare(ghosts, reference(5, dtype=dtype), input, [6] * 4, tolerance)

    def test_remainders_too(self):
        torch.manual_seed(2)
        for rows, remainder, sizes in (
            (26, "merge", [6, 6, 6, 8]),
            (28, "merge", [6, 6, 6, 6, 4]),
            (26, "split", [6, 6, 6, 6, 2]),
            (25, "split", [6, 6, 6, 7]),
            (5, "merge", [5]),
        ):
            with self.subTest(rows=rows, remainder=remainder):
                ghosts = GhostBatchNorm1d(3, 6, remainder=remainder, dtype=torch.float64)
                input = torch.randn(rows, 3, dtype=torch.float64)
                self.compare(ghosts, nn.BatchNorm1d(3, dtype=torch.float64), input, sizes, 1e-11)

    def test_channels_last_and_strides(self):
        torch.manual_seed(3)
        for change in (
            lambda x: x.to(memory_format=torch.channels_last),
            lambda x: x.transpose(2, 3),
            lambda x: torch.cat([x, x], 1)[:, ::2],
        ):
            input = change(torch.randn(12, 4, 5, 6, dtype=torch.float64))
            ghosts = GhostBatchNorm2d(4, 4, dtype=torch.float64)
            self.compare(ghosts, nn.BatchNorm2d(4, dtype=torch.float64), input, [4] * 3, 1e-11)

    def test_the_mean_over_all_ghosts(self):
        torch.manual_seed(4)
        ghosts = GhostBatchNorm1d(3, 4, momentum=None, dtype=torch.float64)
        plain = nn.BatchNorm1d(3, momentum=None, dtype=torch.float64)
        for _ in range(3):
            input = torch.randn(12, 3, dtype=torch.float64)
            ghosts(input)
            by_chunks(plain, input, 4)
        for name, mine in ghosts.named_buffers():
            torch.testing.assert_close(mine, dict(plain.named_buffers())[name])

    def test_without_parameters_or_statistics(self):
        input = torch.randn(8, 3, dtype=torch.float64)
        for affine, tracked in itertools.product((False, True), repeat=2):
            options = dict(affine=affine, track_running_stats=tracked, dtype=torch.float64)
            ghosts = GhostBatchNorm1d(3, 4, **options)
            plain = nn.BatchNorm1d(3, **options)
            self.compare(ghosts, plain, input, [4, 4], 1e-11) if affine else None
            torch.testing.assert_close(ghosts(input), by_chunks(plain, input, 4))
            torch.testing.assert_close(ghosts.eval()(input), plain.eval()(input))


class Identities(unittest.TestCase):
    def test_oracle_12_a_ghost_of_the_whole_batch_is_batch_norm_bit_by_bit(self):
        input = torch.randn(16, 3, 5, 5)
        ghosts, plain = GhostBatchNorm2d(3, 16), nn.BatchNorm2d(3)
        for _ in range(2):
            self.assertTrue(torch.equal(ghosts(input), plain(input)))
        for name, mine in ghosts.state_dict().items():
            self.assertTrue(torch.equal(mine, plain.state_dict()[name]), name)
        self.assertTrue(torch.equal(ghosts.eval()(input), plain.eval()(input)))

    def test_oracle_12_order_of_rows_and_ghosts(self):
        norm = layer()
        inside = torch.tensor([2, 0, 3, 1, 4, 5, 6, 7])
        torch.testing.assert_close(norm(X[inside]), norm(X)[inside])
        swapped = torch.tensor([4, 5, 6, 7, 0, 1, 2, 3])
        one, other = layer(), layer()
        torch.testing.assert_close(one(X[swapped]), other(X)[swapped])
        self.assertFalse(torch.allclose(one.running_mean, other.running_mean))

    def test_gradients_of_every_order(self):
        norm = layer().train()
        x = X.clone().requires_grad_()

        def function(x, weight, bias):
            return torch.func.functional_call(norm, {"weight": weight, "bias": bias}, (x,))

        inputs = (x, norm.weight, norm.bias)
        self.assertTrue(torch.autograd.gradcheck(function, inputs))
        self.assertTrue(torch.autograd.gradgradcheck(function, inputs))

    def test_evaluation_knows_no_ghosts(self):
        ghosts, plain = GhostBatchNorm1d(2, 4), nn.BatchNorm1d(2)
        ghosts(X.float())
        plain.load_state_dict(ghosts.state_dict())
        for rows in (1, 3, 8):
            input = torch.randn(rows, 2)
            self.assertTrue(torch.equal(ghosts.eval()(input), plain.eval()(input)))


class Converting(unittest.TestCase):
    def trained(self):
        torch.manual_seed(6)
        net = nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(48, 4),
            nn.Sequential(nn.BatchNorm1d(4, momentum=0.3), nn.ReLU()),
        )  # fmt: skip
        for _ in range(3):
            net(torch.randn(8, 1, 6, 6))
        return net

    def test_the_same_parameters_buffers_and_evaluation(self):
        net = self.trained()
        before, state = dict(net.named_parameters()), dict(net.state_dict(keep_vars=True))
        input = torch.randn(8, 1, 6, 6)
        wanted = net.eval()(input)
        self.assertIs(convert_batch_norm(net, 4), net)
        self.assertIsInstance(net[1], GhostBatchNorm2d)
        self.assertIsInstance(net[4][0], GhostBatchNorm1d)
        self.assertEqual((net[4][0].momentum, net[4][0].ghost_size), (0.3, 4))
        self.assertTrue(torch.equal(net(input), wanted))
        for name, value in net.named_parameters():
            self.assertIs(value, before[name])
        now = net.state_dict(keep_vars=True)
        self.assertEqual(list(now), list(state))
        for name, value in now.items():
            self.assertIs(value, state[name])
        self.assertFalse(torch.equal(net.train()(input), self.trained().train()(input)))

    def test_a_standard_deviation_is_made_of_the_variance(self):
        net, input = self.trained().eval(), torch.randn(8, 1, 6, 6)
        wanted = net(input)
        convert_batch_norm(net, 4, running="paper_std")
        torch.testing.assert_close(net(input), wanted)
        self.assertIn("4.0.running_std", net.state_dict())

    def test_a_batch_norm_by_itself(self):
        self.assertIsInstance(convert_batch_norm(nn.BatchNorm3d(2)), GhostBatchNorm3d)


class AsModules(unittest.TestCase):
    def test_buffers_are_moved_where_they_lie(self):
        norm = GhostBatchNorm1d(2, 4)
        places = {name: value.data_ptr() for name, value in norm.named_buffers()}
        norm(X.float())
        for name, value in norm.named_buffers():
            self.assertEqual(value.data_ptr(), places[name])
        self.assertFalse(torch.equal(norm.running_mean, torch.zeros(2)))

    def test_copies_pickles_and_resets(self):
        norm = layer(running="paper_std")
        norm(X)
        for copied in (copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):
            twin = copied(norm)
            self.assertTrue(torch.equal(twin(X), norm(X)))
            self.assertTrue(torch.equal(twin.running_std, norm.running_std))
        norm.reset_running_stats()
        self.assertTrue(torch.equal(norm.running_std, torch.ones(2, dtype=torch.float64)))
        self.assertEqual(norm.num_batches_tracked, 0)

    def test_trains_in_a_network(self):
        torch.manual_seed(5)
        net = nn.Sequential(
            nn.Conv2d(1, 4, 3), GhostBatchNorm2d(4, 8), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)
        )
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        input, labels = torch.randn(32, 1, 8, 8), torch.arange(32) % 3
        losses = []
        for _ in range(30):
            loss = nn.functional.cross_entropy(net(input), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        self.assertLess(losses[-1], losses[0] / 2)

    def test_shrink_perturb_knows_it_as_a_norm(self):
        net = nn.Sequential(nn.Linear(3, 4), GhostBatchNorm1d(4, 2))
        net(torch.randn(4, 3))
        ordo.train.shrink_perturb_(net, 0, 1)
        self.assertTrue(torch.equal(net[1].weight.detach(), torch.ones(4)))
        self.assertEqual(net[1].num_batches_tracked, 0)

    def test_says_what_it_is(self):
        self.assertEqual(
            repr(GhostBatchNorm2d(3, 16)),
            "GhostBatchNorm2d(3, ghost_size=16, eps=1e-05, momentum=0.1, affine=True, "
            "track_running_stats=True, running='ema_var', remainder='merge')",
        )


class Refusals(unittest.TestCase):
    def test_of_options(self):
        for words, options in (
            ("no variance", dict(ghost_size=1)),
            ("no variance", dict(ghost_size=-4)),
            ("merge, split, error", dict(remainder="drop")),
            ("running: expected 'ema_var'", dict(running="mean")),
            ("momentum=None", dict(running="paper_std", momentum=None)),
        ):
            with self.assertRaisesRegex(ordo.UsageError, words):
                GhostBatchNorm1d(3, **options)

    def test_of_inputs(self):
        with self.assertRaisesRegex(ordo.UsageError, "one value a channel"):
            GhostBatchNorm1d(3, 4)(torch.zeros(1, 3))
        with self.assertRaisesRegex(ordo.UsageError, "leaves 2 over from ghosts of 4"):
            GhostBatchNorm1d(3, 4, remainder="error")(torch.zeros(10, 3))
        for make, shape in (
            (GhostBatchNorm1d, (4, 3, 2, 2)),
            (GhostBatchNorm2d, (4, 3)),
            (GhostBatchNorm3d, (4, 3, 2, 2)),
        ):
            with self.assertRaisesRegex(ordo.UsageError, "dimensions, found shape"):
                make(3)(torch.zeros(shape))
        with self.assertRaises(RuntimeError):
            GhostBatchNorm1d(3, 2)(torch.zeros(4, 5))


if __name__ == "__main__":
    unittest.main()
