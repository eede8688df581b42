"""Why gradients vanish or explode: Jacobians between steps, measured and bounded."""

from __future__ import annotations

from autorecur.vanishing.flow import Flow as Flow
from autorecur.vanishing.flow import flow as flow
