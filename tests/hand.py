"""What a hand does on a page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Download, Locator, Page


def drag(page: Page, what: Locator, to: Locator, is_there: Callable[[], bool]) -> None:
    """With the pauses and the many small steps of a hand, which lets go when it sees the thing in its place."""
    what.hover(position={"x": 4, "y": 8})  # once it stands still
    start = what.bounding_box()
    assert start
    page.mouse.down()
    page.mouse.move(start["x"] + 4, start["y"] - 8, steps=4)
    for step in range(40):
        end = to.bounding_box()
        assert end
        page.mouse.move(end["x"] + 4, end["y"] + 2 + step % 2 * 2, steps=4 if step else 20)
        if is_there():
            break
        page.wait_for_timeout(50)  # what makes room is not asked to make room again
    page.mouse.up()


def fetch(page: Page, button: Locator) -> Download:
    """The file that a button gives, whole: while it comes, the server reads from the database."""
    with page.expect_download() as download:
        button.click()
    download.value.path()
    return download.value
