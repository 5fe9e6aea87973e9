"""Ed25519 (RFC 8032, section 5.1), with or without the `cryptography` package.

The verifier must run where nothing can be installed, so the arithmetic is here too: about 6 ms a signature,
against 0.2 ms. Verifying handles public values only, so it need not run in constant time. Both ways give the
same answer to every input: what they could see differently is refused before either is asked. Signing is here for a
witness on a machine of its own; where others could measure its time, it wants `cryptography`.
"""

import hashlib

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ImportError:  # alone with the standard library
    HAVE_CRYPTOGRAPHY = False
else:
    HAVE_CRYPTOGRAPHY = True

KEY_SIZE = 32
SIGNATURE_SIZE = 64

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)

_Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032, 5.1.4)."""


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether `signature` over `message` was made with the private half of `public_key`.

    Wrong lengths, an S that is not below the group order, and a key in another spelling than the
    one RFC 8032 (5.1.2) gives it are plainly False: each would give a second signature for free.
    """
    if not _well_formed(public_key, signature):
        return False
    if HAVE_CRYPTOGRAPHY:
        return _verify_native(public_key, message, signature)
    return _verify_python(public_key, message, signature)


def public_key(seed: bytes) -> bytes:
    """Return the public key of a private one, which is 32 random bytes (RFC 8032, 5.1.5)."""
    if HAVE_CRYPTOGRAPHY:
        return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return _encode(_multiply(_expand(seed)[0], _BASE))


def sign(seed: bytes, message: bytes) -> bytes:
    """Return the 64-byte signature over `message` (RFC 8032, 5.1.6)."""
    if HAVE_CRYPTOGRAPHY:
        return Ed25519PrivateKey.from_private_bytes(seed).sign(message)
    scalar, prefix = _expand(seed)
    public = _encode(_multiply(scalar, _BASE))
    once = _number(prefix + message) % _L
    commitment = _encode(_multiply(once, _BASE))
    response = (once + _number(commitment + public + message) * scalar) % _L
    return commitment + response.to_bytes(32, "little")


def _expand(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little")


def _well_formed(public_key: bytes, signature: bytes) -> bool:
    if len(public_key) != KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    y, sign = _split_sign(public_key)
    if y >= _P or (sign and y in (1, _P - 1)):  # at those two, x = 0 and has no sign to give
        return False
    return int.from_bytes(signature[32:], "little") < _L


def _verify_native(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _verify_python(public_key: bytes, message: bytes, signature: bytes) -> bool:
    key = _decode(public_key)
    if key is None:
        return False
    commitment, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    challenge = _number(commitment + public_key + message) % _L
    x, y, z, t = key
    # R = [S]B - [k]A, compared as bytes: a second spelling of R does not pass, and R is never decoded.
    expected = _add(_multiply(scalar, _BASE), _multiply(challenge, (-x % _P, y, z, -t % _P)))
    return _encode(expected) == commitment


def _split_sign(encoded: bytes) -> tuple[int, int]:
    number = int.from_bytes(encoded, "little")
    return number & ((1 << 255) - 1), number >> 255


def _decode(encoded: bytes) -> _Point | None:
    """Return the point `encoded` stands for, None if there is none (RFC 8032, 5.1.3)."""
    y, sign = _split_sign(encoded)
    x = _x_from(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _x_from(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if x * x % _P != square:
        return None
    return x if x & 1 == sign else -x % _P


def _encode(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(KEY_SIZE, "little")


def _add(one: _Point, other: _Point) -> _Point:
    """Return the sum of two points, equal ones too (RFC 8032, 5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiply(factor: int, point: _Point) -> _Point:
    product: _Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            product = _add(product, point)
        point = _add(point, point)
        factor >>= 1
    return product


def _base() -> _Point:
    """Return the base point: y = 4/5, x even (RFC 8032, 5.1)."""
    y = 4 * pow(5, -1, _P) % _P
    x = _x_from(y, 0)
    assert x is not None
    return x, y, 1, x * y % _P


_BASE = _base()
