"""`make test` finds a browser that launches, or installs Debian's or Playwright's, and says so in one line."""

import shutil
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.browser.chromium import found, launches

ROOT = Path(__file__).parents[2]


def script(path: Path, text: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


@pytest.fixture(scope="module")
def real() -> str:
    path = found()
    assert path, "these tests run in a browser suite that has one"
    return path


@pytest.fixture
def machine(tmp_path: Path):
    """A machine without a browser: its own folder of programs, and nothing downloaded."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "rm", "cat", "env"):
        (programs / name).symlink_to(shutil.which(name) or f"/bin/{name}")

    def look(**environment: str) -> subprocess.CompletedProcess:
        known = {"PATH": str(programs), "HOME": str(tmp_path), "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path / "browsers")}
        known |= {"PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9", "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "tests.browser.chromium"],
            capture_output=True,
            text=True,
            env=known | environment,
            cwd=ROOT,
            timeout=120,
        )

    look.programs = programs
    return look


def test_browser_that_does_not_launch_is_none(tmp_path: Path, real: str) -> None:
    assert launches(real)
    assert not launches(str(tmp_path / "absent"))
    assert not launches(str(script(tmp_path / "broken", "echo 'error while loading shared libraries' >&2; exit 127")))
    assert not launches(str(script(tmp_path / "mute", "exit 0")))


def test_browser_that_is_there_is_named_without_a_word(machine, real: str) -> None:
    script(machine.programs / "chromium", f'exec "{real}" "$@"')
    outcome = machine()
    assert (outcome.returncode, outcome.stdout.strip()) == (0, str(machine.programs / "chromium"))
    assert outcome.stderr == ""


def test_debian_is_asked_where_there_is_the_right(machine, real: str, tmp_path: Path) -> None:
    browser = machine.programs / "chromium"
    script(machine.programs / "chromium", "exit 127")
    log = tmp_path / "log"
    body = f'echo "$@" >> {log}\ncase "$1" in install) printf \'#!/bin/sh\\nexec "{real}" "$@"\\n\' > {browser};; esac'
    script(machine.programs / "apt-get", body)
    script(machine.programs / "sudo", 'shift; if [ "$1" = true ]; then exit 0; fi; exec "$@"')
    outcome = machine()
    assert (outcome.returncode, outcome.stdout.strip()) == (0, str(browser)), outcome.stderr
    assert outcome.stderr.count("\n") == 1 and "installing Debian's" in outcome.stderr
    update, install = log.read_text().splitlines()
    assert update.startswith("update")
    assert install.startswith("install") and install.endswith("chromium fonts-noto-cjk")


class Host(BaseHTTPRequestHandler):
    """Hand out an archive for every address, as the host of Playwright's downloads does."""

    archives: dict[str, bytes]

    def do_GET(self) -> None:
        body = next((body for part, body in self.archives.items() if part in self.path), None)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def host(tmp_path: Path, real: str) -> Iterator[str]:
    def archive(name: str, text: str) -> bytes:
        path = tmp_path / f"{Path(name).name}.zip"
        with zipfile.ZipFile(path, "w") as packed:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            packed.writestr(entry, text)
        return path.read_bytes()

    Host.archives = {
        "ffmpeg": archive("ffmpeg-linux", "#!/bin/sh\n"),
        "chrom": archive("chrome-linux64/chrome", f'#!/bin/sh\nexec "{real}" "$@"\n'),
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_playwright_is_asked_where_debian_is_not_there(machine, host: str, tmp_path: Path) -> None:
    outcome = machine(PLAYWRIGHT_DOWNLOAD_HOST=host, no_proxy="127.0.0.1")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith(str(tmp_path / "browsers"))
    assert outcome.stderr.count("\n") == 1 and "Playwright's own" in outcome.stderr


def test_without_any_way_the_command_to_type_is_named(machine) -> None:
    script(machine.programs / "apt-get", "exit 100")
    script(machine.programs / "sudo", "exit 1")
    outcome = machine()
    assert outcome.returncode == 1 and outcome.stdout == ""
    assert "apt-get install chromium fonts-noto-cjk" in outcome.stderr
