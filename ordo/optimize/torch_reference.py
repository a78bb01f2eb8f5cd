"""Steps of torch.optim, for the tests: torch_reference.py CASES RESULTS.

CASES is JSON: `initial` [n], `gradients` [steps][n], `rates` [steps], `weights` (how many of the n
come first and decay when only weights do) and `cases`, each a kind, options by Ordo's names and a
type. RESULTS gets a list of the values after the last step, a row a case.
"""
import json
import sys

import torch

KINDS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
         "rmsprop": torch.optim.RMSprop, "adagrad": torch.optim.Adagrad}


def run(case, given):
    dtype = getattr(torch, case["dtype"])
    options = {name.replace("-", "_"): value for name, value in case["options"].items()}
    values = torch.tensor(given["initial"], dtype=dtype)
    parts = [values[:given["weights"]].clone().requires_grad_(),
             values[given["weights"]:].clone().requires_grad_()]
    groups = [{"params": [part]} for part in parts]
    if options.pop("decay_only_weights", False):
        groups[1]["weight_decay"] = 0
    optimizer = KINDS[case["kind"]](groups, lr=0.01, foreach=False, **options)
    for rate, gradient in zip(given["rates"], given["gradients"]):
        gradient = torch.tensor(gradient, dtype=dtype)
        parts[0].grad, parts[1].grad = gradient[:given["weights"]], gradient[given["weights"]:]
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return torch.cat(parts).tolist()


def main():
    torch.set_num_threads(1)
    given = json.load(open(sys.argv[1]))
    json.dump([run(case, given) for case in given["cases"]], open(sys.argv[2], "w"))


main()
