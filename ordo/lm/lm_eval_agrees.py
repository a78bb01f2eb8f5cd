#!/usr/bin/env python3
"""Asks a model the questions of `ordo lm eval` with the package `lm_eval` and compares.

    ordo lm eval TASK --model MODEL --dtype float32 --out SCORES
    lm_eval_agrees.py MODEL TASK SCORES [SHOTS]

TASK is a file of JSON lines ("question", "choices", "answer") or MMLU's folder, before whose
questions SHOTS solved ones stand (5 if it is not given). The log probability of every answer must
be the same to 1e-5 of it, and so must be both accuracies. Prints one line of JSON.
"""
import csv
import json
import math
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_OFFLINE", "1")

import lm_eval
import torch
import transformers
from lm_eval.models.huggingface import HFLM

RELATIVE = 1e-5  # both compute in float32, with sums in other orders
MMLU_TEXT = ("{{question.strip()}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\n"
             "D. {{choices[3]}}\nAnswer:")


def index(answer):
    return answer if isinstance(answer, int) else ord(answer) - ord("A")


def write_lines(path, documents):
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return str(path)


def mmlu_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return [{"question": row[0], "choices": row[1:5], "answer": index(row[5])}
                for row in csv.reader(file)]


def tasks_of(source, shots, folder):
    """Configurations as in the package's own YAML files, over local data, in the order in which
    Ordo asks."""
    common = {"dataset_path": "json", "output_type": "multiple_choice", "test_split": "test",
              "doc_to_target": "answer",
              "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True}
                              for name in ("acc", "acc_norm")]}
    if source.is_file():
        lines = [json.loads(line) for line in source.read_text().splitlines() if line.strip()]
        documents = [{**line, "answer": index(line["answer"])} for line in lines]
        files = {"test": write_lines(folder / "test.jsonl", documents)}
        return [{**common, "task": "questions", "dataset_kwargs": {"data_files": files},
                 "doc_to_text": "{{question}}", "doc_to_choice": "{{choices}}"}]
    tasks = []
    for path in sorted((source / "test").glob("*_test.csv")):
        subject = path.stem.removesuffix("_test")
        files = {"test": write_lines(folder / f"{subject}_test.jsonl", mmlu_rows(path))}
        if shots:
            solved = mmlu_rows(source / "dev" / f"{subject}_dev.csv")
            files["dev"] = write_lines(folder / f"{subject}_dev.jsonl", solved)
        about = subject.replace("_", " ")
        tasks.append({**common, "task": f"mmlu_{subject}", "dataset_kwargs": {"data_files": files},
                      "description": "The following are multiple choice questions (with answers) "
                                     f"about {about}.\n\n",
                      "doc_to_text": MMLU_TEXT, "doc_to_choice": ["A", "B", "C", "D"],
                      "num_fewshot": shots,
                      **({"fewshot_split": "dev", "fewshot_config": {"sampler": "first_n"}}
                         if shots else {})})
    return tasks


def ask(model_folder, source, shots):
    model = transformers.AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(model_folder / "tokenizer.json"), eos_token="<|endoftext|>")
    with tempfile.TemporaryDirectory() as folder:
        tasks = tasks_of(source, shots, pathlib.Path(folder))
        results = lm_eval.simple_evaluate(
            model=HFLM(pretrained=model, tokenizer=tokenizer, batch_size=8), tasks=tasks,
            log_samples=True, bootstrap_iters=0)
    samples = []
    for task in tasks:
        of_task = sorted(results["samples"][task["task"]], key=lambda one: one["doc_id"])
        for one in of_task:
            samples.append({"log_probabilities": [answer[0] for answer in one["filtered_resps"]],
                            "acc": one["acc"], "acc_norm": one["acc_norm"]})
    return samples


def main():
    model, source, scores = map(pathlib.Path, sys.argv[1:4])
    torch.set_num_threads(1)
    theirs = ask(model, source, int(sys.argv[4]) if len(sys.argv) > 4 else 5)
    ours = [json.loads(line) for line in scores.read_text().splitlines()]
    assert len(ours) == len(theirs), (len(ours), len(theirs))
    largest, wrong = 0, []
    for number, (own, other) in enumerate(zip(ours, theirs)):
        for one, two in zip(own["log-probabilities"], other["log_probabilities"], strict=True):
            largest = max(largest, abs(one - two) / abs(two))
            if not math.isclose(one, two, rel_tol=RELATIVE):
                wrong.append((number, one, two))

    def mean(key):
        return [sum(one[key.replace("_", "-")] for one in ours) / len(ours),
                sum(one[key] for one in theirs) / len(theirs)]

    print(json.dumps({"questions": len(ours), "answers": sum(len(one["log-probabilities"])
                                                             for one in ours),
                      "acc": mean("acc"), "acc_norm": mean("acc_norm"),
                      "largest_difference": largest, "lm_eval": lm_eval.__version__}))
    for number, one, two in wrong[:5]:
        print(f"question {number}: {one} here, {two} there", file=sys.stderr)
    sys.exit(bool(wrong) or mean("acc")[0] != mean("acc")[1]
             or mean("acc_norm")[0] != mean("acc_norm")[1])


if __name__ == "__main__":
    main()
