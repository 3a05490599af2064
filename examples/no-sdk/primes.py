"""Counts primes, with nothing but the standard library."""

sieve = bytearray([1]) * 2_000_000
sieve[:2] = b"\0\0"
for number in range(2, 1415):
    if sieve[number]:
        sieve[number * number :: number] = bytes(len(range(number * number, len(sieve), number)))
print(f"{sum(sieve)} primes below {len(sieve)}")
