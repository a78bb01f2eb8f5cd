"""Trains one classifier on the real digits and reports its accuracy. Python's standard library only.

    python3 studies/digits.py --method softmax --seed 3

Each seed draws its own training and test images, the same for every method, so that methods are
compared in pairs.
"""
import argparse
import csv
import math
import pathlib
import random

try:
    import ordo  # says the numbers to the study that started this script
except ImportError:
    ordo = None

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "digits.csv"
CLASSES = 10
WHITE = 16.0  # a pixel's largest value


def load():
    with open(DATA, newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return [([int(value) / WHITE for value in row[:-1]], int(row[-1])) for row in rows]


def split(images, seed, train_size, test_size):
    order = list(images)
    random.Random(seed).shuffle(order)
    return order[:train_size], order[train_size : train_size + test_size]


def nearest_centroid(train, options):
    """The class whose mean image is nearest."""
    means = []
    for label in range(CLASSES):
        members = [pixels for pixels, its in train if its == label]
        means.append([sum(column) / len(members) for column in zip(*members)])
    return lambda pixels: min(range(CLASSES), key=lambda label: math.dist(pixels, means[label]))


def nearest_neighbours(train, options):
    """The most frequent class among the k nearest training images; the nearest breaks ties."""

    def predict(pixels):
        nearest = sorted((math.dist(pixels, other), label) for other, label in train)[: options.k]
        votes = [label for _, label in nearest]
        return max(votes, key=votes.count)

    return predict


def naive_bayes(train, options):
    """Pixels as counts of a multinomial distribution, one a class, with add-one smoothing."""
    scores = []
    for label in range(CLASSES):
        members = [pixels for pixels, its in train if its == label]
        ink = [1 + WHITE * sum(column) for column in zip(*members)]
        total = sum(ink)
        scores.append((math.log(len(members) / len(train)), [math.log(i / total) for i in ink]))

    def predict(pixels):
        def score(label):
            prior, weights = scores[label]
            return prior + WHITE * sum(map(float.__mul__, pixels, weights))

        return max(range(CLASSES), key=score)

    return predict


def softmax(train, options, watch):
    """Linear scores trained by stochastic gradient descent on the cross-entropy."""
    weights = [[0.0] * 65 for _ in range(CLASSES)]
    rng = random.Random(options.seed + 1)
    images = [(pixels + [1.0], label) for pixels, label in train]

    def scores(pixels):
        return [sum(map(float.__mul__, row, pixels)) for row in weights]

    def predict(pixels):
        each = scores(pixels + [1.0])
        return each.index(max(each))

    for epoch in range(1, options.epochs + 1):
        rng.shuffle(images)
        for pixels, label in images:
            each = scores(pixels)
            top = max(each)
            odds = [math.exp(score - top) for score in each]
            total = sum(odds)
            for other in range(CLASSES):
                slope = options.rate * ((other == label) - odds[other] / total)
                if abs(slope) > 1e-4:
                    row = weights[other]
                    weights[other] = [w + slope * p for w, p in zip(row, pixels)]
        watch(epoch, predict)
    return predict


def accuracy(predict, images):
    return sum(predict(pixels) == label for pixels, label in images) / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--method", required=True,
                        choices=["centroid", "neighbours", "bayes", "softmax"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--k", type=int, default=1, help="neighbours that vote")
    parser.add_argument("--rate", type=float, default=0.05, help="learning rate of softmax")
    parser.add_argument("--epochs", type=int, default=10, help="passes of softmax over the images")
    parser.add_argument("--train-size", type=int, default=600)
    parser.add_argument("--test-size", type=int, default=500)
    options = parser.parse_args()

    train, test = split(load(), options.seed, options.train_size, options.test_size)

    def watch(epoch, predict):
        if ordo:
            ordo.log(step=epoch, accuracy=accuracy(predict, test))

    if options.method == "softmax":
        predict = softmax(train, options, watch)
    else:
        makers = {"centroid": nearest_centroid, "neighbours": nearest_neighbours,
                  "bayes": naive_bayes}
        predict = makers[options.method](train, options)
    reached = accuracy(predict, test)
    print(f"{options.method}: {reached:.4f} of {len(test)} test images right")
    if ordo:
        ordo.result(accuracy=reached)


if __name__ == "__main__":
    main()
