#include "ordo/http/guard.h"

#include <gmock/gmock.h>

namespace ordo::http {
namespace {

int refusal(const Headers& headers, const std::string& path = "/api/studies") {
  const auto refused =
      refuse({.method = "GET", .path = path, .query = {}, .headers = headers}, 8700);
  return refused ? refused->status : 0;
}

TEST(Guard, AnswersOnlyToItsOwnNamesAndPort) {
  for (const char* host : {"127.0.0.1:8700", "localhost:8700", "LOCALHOST:8700", "[::1]:8700"}) {
    EXPECT_EQ(refusal({{"Host", host}}), 0) << host;
  }
  for (const char* host :
       {"", "127.0.0.1", "localhost", "127.0.0.1:80", "evil.example:8700",
        "127.0.0.1.evil.example:8700", "localhost.:8700", "127.0.0.2:8700", "0.0.0.0:8700",
        "2130706433:8700", "127.0.0.1:8700, evil", "127.0.0.1:8700@evil", "user@127.0.0.1:8700",
        "[::ffff:127.0.0.1]:8700"}) {
    EXPECT_EQ(refusal({{"Host", host}}), 421) << host;
  }
  EXPECT_EQ(refusal({}), 421);
  EXPECT_EQ(refusal({{"Host", "127.0.0.1:8700"}, {"host", "127.0.0.1:8700"}}), 421);
}

TEST(Guard, RefusesOtherOrigins) {
  const std::pair<std::string, std::string> host = {"Host", "127.0.0.1:8700"};
  EXPECT_EQ(refusal({host, {"Origin", "http://127.0.0.1:8700"}}), 0);
  EXPECT_EQ(refusal({host, {"Origin", "http://localhost:8700"}}), 0);
  for (const char* origin :
       {"null", "", "http://127.0.0.1:8701", "https://127.0.0.1:8700", "http://evil.example",
        "http://127.0.0.1:8700.evil.example", "http://127.0.0.1:8700/"}) {
    EXPECT_EQ(refusal({host, {"Origin", origin}}), 403) << origin;
  }
}

TEST(Guard, LetsOtherSitesOnlyLinkToThePage) {
  const std::pair<std::string, std::string> host = {"Host", "127.0.0.1:8700"};
  EXPECT_EQ(refusal({host, {"Sec-Fetch-Site", "same-origin"}}), 0);
  EXPECT_EQ(refusal({host, {"Sec-Fetch-Site", "none"}}), 0);
  for (const char* site : {"cross-site", "same-site", "", "same-origin, none"}) {
    EXPECT_EQ(refusal({host, {"Sec-Fetch-Site", site}}), 403) << site;
  }
  const Headers link = {host,
                        {"Sec-Fetch-Site", "cross-site"},
                        {"Sec-Fetch-Mode", "navigate"},
                        {"Sec-Fetch-Dest", "document"}};
  EXPECT_EQ(refusal(link, "/"), 0);
  EXPECT_EQ(refusal(link, "/api/runs/1/artifacts/0"), 403);
  Headers frame = link;
  frame.back().second = "iframe";
  EXPECT_EQ(refusal(frame, "/"), 403);
}

}  // namespace
}  // namespace ordo::http
