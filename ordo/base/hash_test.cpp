// Vectors of FIPS 180-4's examples (NIST "SHA256.pdf") and RFC 6234; the rest against an identity:
// the digest does not depend on how the bytes are cut.
#include "ordo/base/hash.h"

#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/random.h"

namespace ordo {
namespace {

TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, DoesNotDependOnHowTheBytesAreCut) {
  std::string text;
  for (int byte = 0; byte < 300; ++byte) text += static_cast<char>(byte * 7);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string_view whole = std::string_view(text).substr(0, size);
    Sha256 pieces;
    for (std::size_t at = 0, step = 1; at < size; at += step, step = step % 97 + 5) {
      pieces.update(whole.substr(at, step));
    }
    EXPECT_EQ(to_hex(pieces.finish()), sha256_hex(whole));
  }
}

TEST(Sha256, PortableCompressionMatchesTheChosenOne) {
  // "abc" padded by hand to one block.
  std::uint8_t block[64] = {'a', 'b', 'c', 0x80};
  block[63] = 24;
  std::uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  hash_detail::compress_portable(state, block, 1);
  EXPECT_EQ(state[0], 0xba7816bfu);
  EXPECT_EQ(state[7], 0xf20015adu);
}

TEST(Sha256, HashesFiles) {
  const TempFolder folder;
  write_file_atomic(folder.path() / "x", std::string(1'000'000, 'a'));
  EXPECT_EQ(sha256_file(folder.path() / "x"), sha256_hex(std::string(1'000'000, 'a')));
  EXPECT_THROW(sha256_file(folder.path() / "none"), IoError);
  EXPECT_THROW(sha256_file(folder.path()), IoError);
}

}  // namespace
}  // namespace ordo
