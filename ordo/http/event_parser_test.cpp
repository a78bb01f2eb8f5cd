#include "ordo/http/event_parser.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/error.h"

namespace ordo::http {
namespace {

using testing::ElementsAre;
using Texts = std::vector<std::string>;

Texts events_of(std::string_view bytes, std::size_t piece = 1000) {
  EventParser parser;
  Texts events;
  while (!bytes.empty()) {
    parser.feed(bytes.substr(0, piece), [&](const EventParser::Event& event) {
      events.push_back(event.type + ":" + event.data);
      return true;
    });
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return events;
}

// The examples of the standard, section 9.2.6.
TEST(EventParser, ReadsTheStandardsExamples) {
  EXPECT_THAT(events_of("data: YHOO\ndata: +2\ndata: 10\n\n"), ElementsAre("message:YHOO\n+2\n10"));
  EXPECT_THAT(events_of(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                        "data:  third event\n"),
              ElementsAre("message:first event", "message:second event"));
  EXPECT_THAT(events_of("data\n\ndata\ndata\n\ndata:"), ElementsAre("message:", "message:\n"));
  EXPECT_THAT(events_of("data:test\n\ndata: test\n\n"),
              ElementsAre("message:test", "message:test"));
}

TEST(EventParser, KnowsAllLineEndsInPiecesOfAnyLength) {
  const std::string text =
      "\xEF\xBB\xBF"
      "event: a\r\ndata: 1\r\n\r\nevent: b\rdata: 2\r\rdata: 3\n\n";
  for (std::size_t piece = 1; piece < text.size(); ++piece) {
    EXPECT_THAT(events_of(text, piece), ElementsAre("a:1", "b:2", "message:3")) << piece;
  }
}

TEST(EventParser, EndsWhenNoMoreIsWanted) {
  EventParser parser;
  int count = 0;
  const auto once = [&](const EventParser::Event&) { return ++count < 1; };
  EXPECT_FALSE(parser.feed("data: 1\n\ndata: 2\n\n", once));
  EXPECT_FALSE(parser.feed("data: 3\n\n", once));
  EXPECT_EQ(count, 1);
}

TEST(EventParser, RefusesEventsWithoutEnd) {
  EventParser parser(100);
  const auto none = [](const EventParser::Event&) { return true; };
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) parser.feed("data: 0123456789\n", none);
      },
      InputError);
}

}  // namespace
}  // namespace ordo::http
