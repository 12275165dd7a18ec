"""What is in a picture: faces and plates. Importing anything from here keeps ONNX Runtime from phoning anyone.

ONNX Runtime writes a device id and a telemetry queue under the user's cache when it is imported, unless this variable
is in the environment by then; its API call comes too late.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
