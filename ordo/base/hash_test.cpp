#include "ordo/base/hash.h"

#include <gtest/gtest.h>

#include "ordo/base/file.h"

namespace ordo {
namespace {

// The examples of FIPS 180-4 (NIST's "SHA256.pdf") and the empty message.
TEST(Hash, Sha256GivesThePublishedDigests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, Sha256DoesNotDependOnHowTheBytesComeInPieces) {
  const TempFolder folder;
  for (std::size_t length = 0; length < 200; ++length) {
    const std::string bytes(length, 'x');
    Sha256 pieces;
    for (std::size_t at = 0; at < length; at += 7) pieces.update(bytes.substr(at, 7));
    EXPECT_EQ(pieces.hex(), sha256_hex(bytes)) << length;
  }
  write_file_atomic(folder.path() / "file", std::string(100'000, 'y'));
  EXPECT_EQ(sha256_file(folder.path() / "file"), sha256_hex(std::string(100'000, 'y')));
}

// RFC 3720, appendix B.4, and the usual check value.
TEST(Hash, Crc32cGivesThePublishedSums) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xe3069283U);
}

}  // namespace
}  // namespace ordo
