import json
import math
import os
import tempfile
import unittest
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch without numpy says so
    import ordo
    from ordo.train import Regime, scale_rate

RESNET = {
    "0": {"optimizer": "SGD", "lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4},
    "81": {"lr": 0.01},
    "122": {"lr": 0.001, "weight_decay": 0},
    "164": {"lr": 1e-4},
    "epochs": 200,
}


class Regimes(unittest.TestCase):
    def setUp(self):
        self.regime = Regime.from_json(json.dumps(RESNET))

    def test_reads_what_scripts_write(self):
        self.assertEqual(self.regime.epochs, 200)
        self.assertEqual([epoch for epoch, _ in self.regime.changes], [0, 81, 122, 164])
        self.assertEqual(
            self.regime.changes[0][1],
            {"optimizer": "sgd", "rate": 0.1, "momentum": 0.9, "weight-decay": 1e-4},
        )
        self.assertEqual(Regime.from_json(self.regime.to_json()).changes, self.regime.changes)

    def test_settings_stay_until_they_are_set_again(self):
        at = self.regime.settings
        self.assertEqual(at(0)["rate"], 0.1)
        self.assertEqual(at(80.9)["rate"], 0.1)
        self.assertEqual(at(81)["rate"], 0.01)
        self.assertEqual(at(150), {**at(0), "rate": 0.001, "weight-decay": 0})
        with self.assertRaisesRegex(ordo.UsageError, "epoch"):
            at(-1)

    def test_oracle_07_adapted_boundaries(self):
        large = self.regime.adapt(256, 2048)
        self.assertEqual([epoch for epoch, _ in large.changes], [0, 648, 976, 1312])
        self.assertEqual(self.regime.lasting(100).adapt(256, 2048).epochs, 800)
        exact = self.regime.lasting(100).adapt(256, 2000)
        self.assertEqual(exact.epochs, 781.25)
        self.assertEqual(self.regime.lasting(100).adapt(256, 2000, "ceil").epochs, 800)
        self.assertEqual(self.regime.lasting(100).stretched(32).epochs, 3200)

    def test_oracle_07_updates(self):
        hundred = self.regime.lasting(100)
        small = hundred.schedule(50_000, 256)
        self.assertEqual(small[1], 19_600)
        self.assertEqual(hundred.adapt(256, 2048).schedule(50_000, 2048)[1], 20_000)
        self.assertEqual(hundred.schedule(50_000, 128)[1], 39_100)
        self.assertEqual(hundred.schedule(50_000, 128, 4096, "epochs")[1], 41_600)
        exact = hundred.schedule(50_000, 128, 4096)
        self.assertEqual(exact[1], 39_100)
        self.assertEqual([update for update, _ in exact[0]][1], 81 * 391)

    def test_reads_files_and_the_papers_own(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mine.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(RESNET, file)
            self.assertEqual(Regime.read(path).changes, self.regime.changes)
        self.assertEqual(Regime.read("f1").settings(0)["rate"], 0.1)
        with self.assertRaisesRegex(ordo.UsageError, "no regime of that name"):
            Regime.read("nowhere.json")

    def test_errors_name_the_place(self):
        for words, text in (
            ("/ten", '{"0": {}, "ten": {}}'),
            ("begins with epoch 0", '{"1": {}}'),
            ("must rise", '{"0": {}, "5": {}, "3": {}}'),
            ("sgdd.*did you mean", '{"0": {"optimizer": "sgdd"}}'),
            ("/0/lr", '{"0": {"lr": -1}}'),
            ("mine:1:", "{"),
        ):
            with self.assertRaisesRegex(ordo.InputError, words):
                Regime.from_json(text, "mine")
        with self.assertRaisesRegex(ordo.UsageError, "updates, epochs or ceil"):
            self.regime.adapt(128, 256, "steps")


class Rates(unittest.TestCase):
    def test_oracle_05_square_root_scaling(self):
        self.assertAlmostEqual(scale_rate(0.1, 128, 4096), 0.5656854249, places=10)
        self.assertAlmostEqual(scale_rate(0.1, 256, 2048), 0.2828427125, places=10)
        self.assertAlmostEqual(scale_rate(0.1, 128, 4096, "linear"), 3.2, places=12)
        self.assertEqual(scale_rate(0.1, 128, 4096, "none"), 0.1)
        self.assertEqual(scale_rate(0.3, 64, 16), 0.15)
        self.assertTrue(math.isclose(scale_rate(0.1, 100, 100), 0.1))

    def test_refuses_what_makes_no_sense(self):
        with self.assertRaises(ordo.UsageError):
            scale_rate(0.1, 0, 10)
        with self.assertRaisesRegex(ordo.UsageError, "sqrt"):
            scale_rate(0.1, 1, 10, "cubic")


if __name__ == "__main__":
    unittest.main()
