"""The steps that must be whole: each is one Lua script at the server. All keys of a script are one session's, so one slot's."""

import hashlib


class Script:
    """A script and the name the server knows it by once it has run there."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.sha = hashlib.sha1(body.encode(), usedforsecurity=False).hexdigest()


# `at:<key>` fields of the state hash are checkpoints.
ACQUIRE = Script("""
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return nil end
local token = redis.call('HINCRBY', KEYS[2], 'token', 1)
local attempts = redis.call('HINCRBY', KEYS[2], 'attempts', 1)
redis.call('HSET', KEYS[2], 'owner', ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {token, attempts, redis.call('HGETALL', KEYS[2])}
""")

# An expired lease that nobody took is taken back: the token still proves that it was ours last.
RENEW = Script("""
local s = redis.call('HMGET', KEYS[2], 'owner', 'token')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
""")

RELEASE = Script("""
local s = redis.call('HMGET', KEYS[2], 'owner', 'token')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], 'attempts', 0)
return 1
""")

# Up to a cap of 64 a stream is trimmed exactly; above it Redis may trim in its own larger steps, which costs less.
# What is fleeting is kept from the append-only file; Redis 6.2 must be told beforehand that a script may do that.
# ARGV: owner, token, ttl, number of checkpoints, (key, id)*, (index of key, id, cap, is fleeting, payload)*
COMMIT = Script("""
local s = redis.call('HMGET', KEYS[1], 'owner', 'token')
if s[1] ~= ARGV[1] or s[2] ~= ARGV[2] then return -1 end
redis.replicate_commands()
local i, added = 5, 0
for _ = 1, tonumber(ARGV[4]) do
  redis.call('HSET', KEYS[1], 'at:' .. ARGV[i], ARGV[i + 1], 'attempts', 0)
  i = i + 2
end
while i <= #ARGV do
  local out = KEYS[tonumber(ARGV[i])]
  local sign = tonumber(ARGV[i + 2]) <= 64 and '=' or '~'
  if ARGV[i + 3] == '1' then redis.set_repl(redis.REPL_NONE) end
  local reply = redis.pcall('XADD', out, 'MAXLEN', sign, ARGV[i + 2], ARGV[i + 1], 'e', ARGV[i + 4])
  if type(reply) ~= 'table' then
    added = added + 1
    redis.call('EXPIRE', out, ARGV[3])
  elseif not string.find(reply.err, 'equal or smaller') then
    return redis.error_reply(reply.err)
  end
  redis.set_repl(redis.REPL_ALL)
  i = i + 5
end
return added
""")
