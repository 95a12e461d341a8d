"""Blocks of the documentation that no test can run, by page and first line, with the reason."""

from typing import NamedTuple


class NotHere(NamedTuple):
    """One block that is not run."""

    page: str
    first_line: str
    reason: str


AWS = "needs an account of Amazon's"
CLUSTER = "needs a cluster; tests/unit/infra renders the chart"
DOCKER = "needs a Docker engine"
NOT_HERE = (
    NotHere(
        "README.md",
        "make demo   # colorizes the photographs in samples/ through the whole service, "
        "then shows them in demo/",
        "make is what runs this test; test_demo.py runs the demo",
    ),
    NotHere("README.md", "tintype models pull zhang-eccv16    # then it is the default", "129 MB"),
    NotHere(
        "docs/bucket-events.md",
        "topic=$(aws sns create-topic --name photos --query TopicArn --output text)",
        AWS,
    ),
    NotHere(
        "docs/bucket-events.md",
        r'aws sns subscribe --topic-arn "$topic" --protocol https \ '.rstrip(),
        AWS,
    ),
    NotHere(
        "docs/bucket-events.md",
        "aws s3api put-bucket-notification-configuration --bucket scans "
        "--notification-configuration \\",
        AWS,
    ),
    NotHere(
        "docs/bucket-events.md",
        "aws s3api put-bucket-notification-configuration --bucket scans \\",
        AWS,
    ),
    NotHere(
        "docs/bucket-events.md",
        "mc admin config set myminio notify_webhook:tintype "
        "endpoint=http://tintype:8000/v1/hooks/s3 \\",
        "needs a MinIO",
    ),
    NotHere(
        "docs/kubernetes.md",
        "docker build -f infra/docker/Dockerfile --target api "
        "-t registry.example.org/tintype-api:0.1.0 .",
        DOCKER,
    ),
    NotHere("docs/kubernetes.md", "kubectl create namespace tintype", CLUSTER),
    NotHere(
        "docs/kubernetes.md",
        "helm install photos infra/helm/tintype --namespace tintype --values values.yaml",
        CLUSTER,
    ),
    NotHere(
        "docs/kubernetes.md",
        "key=$(kubectl -n tintype exec deploy/photos-worker-interactive -- "
        "tintype keys create --name KEDA --scope metrics)",
        CLUSTER,
    ),
    NotHere("docs/releasing.md", "make audit", "asks the package index for vulnerabilities"),
    NotHere(
        "docs/releasing.md",
        """version=$(head -1 notes.txt | cut -d ' ' -f 2)""",
        "makes a tag; test_release.py tries what it rests on",
    ),
    NotHere("docs/releasing.md", "make sbom", DOCKER),
    NotHere(
        "docs/releasing.md",
        "docker compose config --resolve-image-digests --no-interpolate > compose.pinned.yml",
        DOCKER,
    ),
    NotHere(
        "docs/capacity.md",
        "tintype plan --images 1000000 --days 7 --measure --rate-file mine.json",
        "a minute of measuring; test_measuring.py does it with less",
    ),
    NotHere(
        "docs/models/tint-small.md",
        "python -m training train PHOTOS --stem ECCV16_BLOBS.npz --palette pts_in_hull.npy "
        "--checkpoint first.pt --crops 170000",
        "hours of training",
    ),
    NotHere("docs/tracing.md", "pip install '.[otel]'", "needs a collector"),
    NotHere(
        "docs/web.md",
        "make test-browser                        # needs Node.js; installs Chromium by apt where "
        "it may",
        "needs a browser; it is a test itself",
    ),
)
