"""Trains a network with one hidden layer on handwritten digits; resumes where it stopped."""

import importlib.util
from pathlib import Path

import numpy as np

import lab

BATCH = 64
TEST_IMAGES = 360


def load_digits(seed):
    """Images scaled to 0..1 and labels, from the data file that scikit-learn carries."""
    package = importlib.util.find_spec("sklearn").submodule_search_locations[0]
    table = np.loadtxt(Path(package) / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    np.random.default_rng(seed).shuffle(table)
    images, labels = table[:, :-1] / 16.0, table[:, -1].astype(int)
    test = images[:TEST_IMAGES], labels[:TEST_IMAGES]
    return (images[TEST_IMAGES:], labels[TEST_IMAGES:]), test


def new_model(hidden, seed):
    random = np.random.default_rng(seed)
    return {
        "w1": random.normal(0, 0.2, (64, hidden)),
        "b1": np.zeros(hidden),
        "w2": random.normal(0, 0.2, (hidden, 10)),
        "b2": np.zeros(10),
    }


def forward(model, images):
    hidden = np.maximum(0, images @ model["w1"] + model["b1"])
    scores = hidden @ model["w2"] + model["b2"]
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return hidden, odds / odds.sum(axis=1, keepdims=True)


def train_on(model, images, labels, rate):
    """One step of gradient descent; returns the loss before it."""
    hidden, odds = forward(model, images)
    rows = np.arange(len(labels))
    loss = -np.log(odds[rows, labels] + 1e-12).mean()
    odds[rows, labels] -= 1
    odds /= len(labels)
    back = (odds @ model["w2"].T) * (hidden > 0)
    gradients = {
        "w1": images.T @ back,
        "b1": back.sum(axis=0),
        "w2": hidden.T @ odds,
        "b2": odds.sum(axis=0),
    }
    for name, gradient in gradients.items():
        model[name] -= rate * gradient
    return loss


def accuracy(model, images, labels):
    return float((forward(model, images)[1].argmax(axis=1) == labels).mean())


def resume(model):
    """The epoch to begin with; the model is filled from the checkpoint when there is one."""
    folder = lab.latest_checkpoint()
    if folder is None:
        return 0
    state = np.load(Path(folder) / "model.npz")
    model.update({name: state[name] for name in model})
    lab.log(f"resumed after epoch {int(state['epoch'])}")
    return int(state["epoch"]) + 1


def main():
    lab.init()
    config = {"epochs": 20, "learning_rate": 0.2, "hidden": 48, "seed": 7} | lab.get_config()
    (images, labels), test = load_digits(config["seed"])
    model = new_model(config["hidden"], config["seed"])
    steps = len(images) // BATCH
    right = 0.0
    for epoch in range(resume(model), config["epochs"]):
        order = np.random.default_rng((config["seed"], epoch)).permutation(len(images))
        for step in range(steps):
            batch = order[step * BATCH : (step + 1) * BATCH]
            loss = train_on(model, images[batch], labels[batch], config["learning_rate"])
            lab.log_metric("train/loss", loss, epoch * steps + step)
            right = accuracy(model, *test)
            lab.log_metric("eval/accuracy", right, epoch * steps + step)
        np.savez("model.npz", epoch=epoch, **model)
        lab.save_checkpoint("model.npz", name=f"epoch-{epoch}", step=(epoch + 1) * steps)
        lab.update_progress(100 * (epoch + 1) / config["epochs"], message=f"epoch {epoch + 1}")
        lab.log(f"epoch {epoch + 1}: loss {loss:.4f}, accuracy {right:.3f}")
    right = accuracy(model, *test)
    np.savez("digits.npz", **model)
    lab.save_model("digits.npz", name="digits", metadata={"accuracy": right})
    lab.finish("trained", score={"eval/accuracy": right})


if __name__ == "__main__":
    main()
