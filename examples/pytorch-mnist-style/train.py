"""The usual PyTorch training loop, on random images so that nothing has to be downloaded."""

from pathlib import Path

import torch
from torch import nn

import lab

config = {"epochs": 3, "lr": 0.001} | lab.get_config()
device = "cuda" if torch.cuda.is_available() else "cpu"
model = nn.Sequential(
    nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 13 * 13, 10)
).to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=config["lr"])
images = torch.randn(2048, 1, 28, 28)
labels = (images.mean(dim=(1, 2, 3)) > 0).long()
first, steps = 0, len(images) // 64

if folder := lab.latest_checkpoint():
    state = torch.load(Path(folder) / "state.pt", map_location=device)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    first = state["epoch"] + 1

for epoch in range(first, config["epochs"]):
    for step in range(steps):
        batch = slice(step * 64, (step + 1) * 64)
        loss = nn.functional.cross_entropy(
            model(images[batch].to(device)), labels[batch].to(device)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        lab.log_metric("train/loss", loss, epoch * steps + step)
        if lab.stop_requested():
            break
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({"epoch": epoch, **states}, "state.pt")
    lab.save_checkpoint("state.pt", name=f"epoch-{epoch}", step=(epoch + 1) * steps)
    lab.update_progress(100 * (epoch + 1) / config["epochs"])
    if lab.stop_requested():
        raise SystemExit("stopped after saving a checkpoint")

lab.save_model("state.pt", name="mnist-style")
lab.finish("trained", score={"train/loss": float(loss)})
