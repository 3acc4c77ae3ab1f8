"""Why can the lab have no private network here? Each obstacle has its own reason and remedy."""

import errno
import os
from pathlib import Path

import pytest

from pybondd.lab.namespaces import in_private_network
from pybondd.lab.obstacles import SystemFacts, namespace_refusal, require_tun_device
from pybondd.refusal import RefusedError


def facts(
    *,
    is_root: bool = False,
    apparmor_restricts: bool = False,
    user_namespaces_max: int | None = 1000,
    unprivileged_clone_allowed: bool | None = None,
    seccomp_mode: int = 0,
) -> SystemFacts:
    return SystemFacts(
        is_root, apparmor_restricts, user_namespaces_max, unprivileged_clone_allowed, seccomp_mode
    )


@pytest.mark.parametrize(
    ("code", "found", "reason", "remedy"),
    [
        pytest.param(
            errno.EPERM, facts(apparmor_restricts=True), "AppArmor", "sudo pybondd lab",
            id="Ubuntu 24.04 and later",
        ),
        pytest.param(
            errno.EPERM, facts(unprivileged_clone_allowed=False), "unprivileged_userns_clone=0",
            "unprivileged_userns_clone=1", id="hardened Debian",
        ),
        pytest.param(
            errno.ENOSPC, facts(user_namespaces_max=0), "max_user_namespaces=0",
            "max_user_namespaces=1000", id="none allowed",
        ),
        pytest.param(
            errno.EPERM, facts(seccomp_mode=2), "seccomp", "seccomp=unconfined", id="container"
        ),
        pytest.param(
            errno.EPERM, facts(is_root=True, seccomp_mode=2), "root without CAP_SYS_ADMIN",
            "--cap-add SYS_ADMIN", id="root in a container",
        ),
        pytest.param(
            errno.EPERM, facts(), os.strerror(errno.EPERM), "sudo pybondd lab", id="unknown"
        ),
    ],
)  # fmt: skip
def test_the_reason_and_the_remedy_fit_the_obstacle(
    code: int, found: SystemFacts, reason: str, remedy: str
) -> None:
    refused = namespace_refusal(code, found)
    assert refused.code == code
    assert reason in refused.why
    assert remedy in refused.remedy


def test_a_missing_tun_device_is_told_apart_from_a_closed_one(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        require_tun_device(str(tmp_path / "tun"))
    assert refused.value.code == errno.ENOENT
    assert "does not exist" in refused.value.why


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_closed_tun_device_says_who_may_open_it(tmp_path: Path) -> None:
    closed = tmp_path / "tun"
    closed.touch(mode=0o000)
    with pytest.raises(RefusedError) as refused:
        require_tun_device(str(closed))
    assert "mode does not let this user in" in refused.value.why


def test_a_refusal_crosses_the_pipe_to_the_caller_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RefusedError(errno.EPERM, "what", "why", "remedy")

    # The keeper is a fork of this process, so it meets the same replaced function.
    monkeypatch.setattr("pybondd.lab.namespaces._leave_the_shared_world", refuse)
    with pytest.raises(RefusedError) as refused:
        in_private_network(lambda: None)
    assert (refused.value.what, refused.value.why, refused.value.remedy) == (
        "what",
        "why",
        "remedy",
    )
