"""Importing this keeps OpenVINO's tools from telling anybody of themselves.

Importing openvino sends an event to Google Analytics, and keeps a client's id in the home folder,
where openvino-telemetry is installed, which its package asks for. Without that it has a stub.
"""

import sys

# What is None here cannot be imported (see the reference of ``sys.modules``).
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
