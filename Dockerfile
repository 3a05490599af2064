FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends git bash && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY pyproject.toml README.md ./
COPY lab/__init__.py lab/__init__.py
RUN pip install --no-cache-dir '.[server]' && pip uninstall -y labledger
COPY . .
RUN useradd --create-home lab && mkdir /data && chown lab /data
USER lab
ENV PYTHONPATH=/app
CMD ["python", "-m", "server"]
