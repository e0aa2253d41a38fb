"""What went wrong between us and Redis, in plain words, and what to do about it."""

import ssl

import hiredis

from shared.errors import BusUnavailable

_CERTIFICATE = "REDIS_URL: rediss://...?ssl_ca_certs=CA.pem&ssl_certfile=OURS.pem&ssl_keyfile=KEY.pem"


def ours(error: Exception, *, is_tls: bool = False) -> BusUnavailable:
    """The error of ours for one of hiredis' or of the connection. Never names a password."""
    if isinstance(error, hiredis.ReplyError):
        return _refused(str(error))
    said = " ".join(str(part) for part in (error, error.__cause__) if part)
    if isinstance(error, ssl.SSLCertVerificationError):
        return BusUnavailable(
            f"Redis' certificate is not trusted ({error.verify_message}); name the CA that signed it: {_CERTIFICATE}"
        )
    if isinstance(error, ssl.SSLError):
        return BusUnavailable(f"Redis does not speak TLS with us ({error.reason}); is its port a tls-port?")
    # A server that wants a certificate often hangs up before it could say so.
    more = f" Does it ask for a certificate of ours? {_CERTIFICATE}" if is_tls and "hung up" in said else ""
    return BusUnavailable(f"Redis cannot be reached ({type(error).__name__}); is it running at REDIS_URL?{more}")


TOO_OLD = "Redis {} is too old; this needs 6.2 or newer, or any Valkey"

_NOT_YET = ("LOADING", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "BUSY ")
"""It is there, and will answer soon."""


def _refused(said: str) -> BusUnavailable:
    if said.startswith(_NOT_YET):
        return BusUnavailable(f"Redis cannot be reached yet: {said}")
    if "NOAUTH" in said:
        return BusUnavailable("Redis asks for a password; give redis://:PASSWORD@host:port/0")
    if "WRONGPASS" in said or "invalid password" in said:
        return BusUnavailable("Redis refuses the password in REDIS_URL; give redis://:PASSWORD@host:port/0")
    if "NOPERM" in said or "can't run this command" in said or "permissions to" in said:
        return BusUnavailable(
            f"Redis' access list does not let us work ({said}); deploy/redis/users.acl has what we need"
        )
    if "HELLO" in said and "unknown command" in said:
        return BusUnavailable(TOO_OLD.format("older than 6"))
    if "MISCONF" in said or "No space left" in said or "OOM command" in said:
        return BusUnavailable(f"Redis has no room to write ({said[:80].rstrip()} ...); is its RAM disk full?")
    # What an old server repeats of an unknown command may be a password, or what somebody said.
    return BusUnavailable(f"Redis refused a command: {said.partition(', with args')[0]}")
