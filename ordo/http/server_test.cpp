#include "ordo/http/server.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include <gmock/gmock.h>

#include "ordo/base/file.h"
#include "ordo/http/http_testing.h"

namespace ordo::http {
namespace {

using ::testing::HasSubstr;

Response hello(const Request& request) {
  if (request.path == "/missing") throw NotFound("no such thing");
  if (request.path == "/fault") throw std::runtime_error("broken");
  Response response = json_response(Json::object({{"path", request.path}}));
  response.tag = "v1";
  return response;
}

TEST(Server, AnswersSeveralRequestsOnOneConnection) {
  RunningServer server({}, hello);
  RawClient client(server.port());
  for (const char* path : {"/one", "/two"}) {
    client.send(get(path, server.port()));
    const std::string response = client.read_response();
    EXPECT_EQ(status_of(response), 200);
    EXPECT_EQ(body_of(response), std::string("{\"path\":\"") + path + "\"}");
    EXPECT_EQ(header_of(response, "X-Content-Type-Options"), "nosniff");
  }
  // Two at once, as a browser that pipelines would send them.
  client.send(get("/three", server.port()) + get("/four", server.port()));
  EXPECT_THAT(client.read_response(), HasSubstr("/three"));
  EXPECT_THAT(client.read_response(), HasSubstr("/four"));
}

TEST(Server, HeadGivesTheHeadAlone) {
  RunningServer server({}, hello);
  RawClient client(server.port());
  client.send("HEAD /x HTTP/1.1\r\nHost: localhost:" + std::to_string(server.port()) +
              "\r\nConnection: close\r\n\r\n");
  const std::string response = client.read_all();
  EXPECT_EQ(status_of(response), 200);
  EXPECT_EQ(header_of(response, "Content-Length"), "13");
  EXPECT_EQ(body_of(response), "");
}

TEST(Server, AnEntityTagSavesTheBody) {
  RunningServer server({}, hello);
  const std::string first = ask(server.port(), get("/x", server.port()));
  EXPECT_EQ(header_of(first, "ETag"), "\"v1\"");
  EXPECT_EQ(header_of(first, "Cache-Control"), "no-cache");
  const std::string again =
      ask(server.port(), get("/x", server.port(), "If-None-Match: W/\"v1\"\r\n"));
  EXPECT_EQ(status_of(again), 304);
  EXPECT_EQ(body_of(again), "");
  const std::string other =
      ask(server.port(), get("/x", server.port(), "If-None-Match: \"v0\"\r\n"));
  EXPECT_EQ(status_of(other), 200);
}

TEST(Server, ErrorsAreJsonWithTheirStatus) {
  RunningServer server({}, hello);
  const std::string missing = ask(server.port(), get("/missing", server.port()));
  EXPECT_EQ(status_of(missing), 404);
  EXPECT_EQ(body_of(missing), R"({"error":"no such thing"})");
  EXPECT_EQ(header_of(missing, "Cache-Control"), "no-store");
  EXPECT_EQ(status_of(ask(server.port(), get("/fault", server.port()))), 500);
  EXPECT_EQ(status_of(ask(server.port(), get("/%zz", server.port()))), 400);
}

TEST(Server, SendsFilesInPartsAndWhole) {
  const TempFolder folder;
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += static_cast<char>('a' + i % 23);
  write_file_atomic(folder.path() / "file", content);
  RunningServer server({}, [&](const Request&) {
    Response response;
    response.type = "application/octet-stream";
    response.file = folder.path() / "file";
    response.tag = "f";
    return response;
  });
  EXPECT_EQ(body_of(ask(server.port(), get("/", server.port()))), content);
  const std::string part =
      ask(server.port(), get("/", server.port(), "Range: bytes=299990-299999\r\n"));
  EXPECT_EQ(status_of(part), 206);
  EXPECT_EQ(header_of(part, "Content-Range"), "bytes 299990-299999/300000");
  EXPECT_EQ(body_of(part), content.substr(299'990));
  const std::string stale =
      ask(server.port(), get("/", server.port(), "Range: bytes=0-1\r\nIf-Range: \"old\"\r\n"));
  EXPECT_EQ(status_of(stale), 200);
  EXPECT_EQ(status_of(ask(server.port(), get("/", server.port(), "Range: bytes=300000-\r\n"))),
            416);
}

TEST(Server, TwoServersDoNotShareAPort) {
  RunningServer server({}, hello);
  try {
    const Server second({.port = server.port()}, hello);
    FAIL() << "bound twice";
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--port"));
  }
}

// Streams take no threads: with two of these there is room for requests beside twenty streams.
TEST(Server, StreamsDoNotTakeTheThreadsOfRequests) {
  RunningServer server({.max_connections = 2}, [](const Request& request) {
    if (request.path != "/events") return hello(request);
    Response response;
    const std::string* topic = request.query.find("topic");
    response.events = EventStream{topic == nullptr ? "" : *topic, event_text("hello", "{}")};
    return response;
  });
  std::vector<std::unique_ptr<RawClient>> listeners;
  for (int i = 0; i < 20; ++i) {
    // A thread may still be handing its stream over when the stream's first event has arrived.
    std::string got;
    for (int attempt = 0; attempt < 100 && got.find("text/event-stream") == std::string::npos;
         ++attempt) {
      if (attempt > 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        listeners.pop_back();
      }
      listeners.push_back(std::make_unique<RawClient>(server.port()));
      listeners.back()->send(get(i % 2 == 0 ? "/events" : "/events?topic=odd", server.port()));
      got = listeners.back()->read_until("event: hello");
    }
    EXPECT_THAT(got, HasSubstr("text/event-stream"));
  }
  EXPECT_EQ(status_of(ask(server.port(), get("/x", server.port()))), 200);
  server.server().events().send("odd", event_text("only", "{\"to\":\"odd\"}"));
  server.server().events().send(event_text("all", "{}"));
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const std::string got = listeners[i]->read_until("event: all\ndata: {}\n\n");
    EXPECT_EQ(got.find("event: only") != std::string::npos, i % 2 == 1);
  }
  server.stop();
  for (const auto& listener : listeners) {
    EXPECT_THAT(listener->read_all(), HasSubstr("event: bye"));
    EXPECT_TRUE(listener->is_closed());
  }
}

TEST(Server, RefusesStreamsBeyondItsLimitAndTakesNewOnesWhenOldOnesEnd) {
  ServerOptions options;
  options.events.max_streams = 2;
  RunningServer server(options, [](const Request&) {
    Response response;
    response.events = EventStream{"", event_text("hello", "{}")};
    return response;
  });
  auto first = std::make_unique<RawClient>(server.port());
  first->send(get("/", server.port()));
  first->read_until("event: hello");
  RawClient second(server.port());
  second.send(get("/", server.port()));
  second.read_until("event: hello");
  EXPECT_EQ(status_of(ask(server.port(), get("/", server.port()))), 503);
  first.reset();
  for (int i = 0; i < 200 && server.server().events().size() == 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  RawClient third(server.port());
  third.send(get("/", server.port()));
  EXPECT_THAT(third.read_until("event: hello"), HasSubstr("200 OK"));
}

TEST(Server, AListenerThatDoesNotReadIsCutAndBeatsComeToTheOthers) {
  ServerOptions options;
  options.events = {.max_streams = 10, .beat_seconds = 0.2, .max_backlog = 100'000};
  RunningServer server(options, [](const Request&) {
    Response response;
    response.events = EventStream{"", event_text("hello", "{}")};
    return response;
  });
  RawClient asleep(server.port(), 4096), awake(server.port());
  asleep.send(get("/", server.port()));
  asleep.read_until("event: hello");
  awake.send(get("/", server.port()));
  awake.read_until("event: hello");
  const std::string large = event_text("large", std::string(60'000, 'x'));
  for (int i = 0; i < 2000 && server.server().events().size() == 2; ++i) {
    server.server().events().send(large);
    awake.read_until("never", 0.01);
  }
  EXPECT_EQ(server.server().events().size(), 1U);
  EXPECT_THAT(awake.read_until(": beat"), HasSubstr(": beat"));
}

TEST(Server, StopsAtOnceWhileConnectionsAreIdle) {
  RunningServer server({.idle_seconds = 3600}, hello);
  RawClient idle(server.port());
  idle.send(get("/x", server.port()));
  idle.read_response();
  RawClient silent(server.port());
  server.stop();
  idle.read_all();
  EXPECT_TRUE(idle.is_closed());
}

}  // namespace
}  // namespace ordo::http
