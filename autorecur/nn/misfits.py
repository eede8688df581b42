"""Two layers whose sizes do not fit, told with the paths of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecur.errors import ShapeError

if TYPE_CHECKING:
    from autorecur.nn.module import Module


class LayersError(ShapeError):
    """The output of one layer is no input for the next.

    Where the error was found only the nearest module is known; each module further out that it passes puts its own name
    for the one within in front, so that the message has the paths from the model.
    """

    def __init__(self, inside: Module, given: tuple[str, str], taken: tuple[str, str]) -> None:
        """``inside`` is the module that holds both layers; each is told by its name there and what it gives or takes."""
        super().__init__("")
        self.inside, self.path = inside, ""
        self.given, self.taken = given, taken

    def seen_from(self, outer: Module) -> None:
        """The error has left ``inside``, and ``outer`` may be what holds that."""
        name = next((name for name, module in outer._modules.items() if module is self.inside), None)
        if name is not None:
            self.path, self.inside = f"{name}.{self.path}", outer

    def __str__(self) -> str:
        (first, gives), (second, takes) = self.given, self.taken
        return f"layer {self.path}{first} {gives}, and layer {self.path}{second} {takes}"
