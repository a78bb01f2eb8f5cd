#include "ordo/board/watcher.h"

#include <gmock/gmock.h>

#include "ordo/board/board_testing.h"
#include "ordo/board/routes.h"
#include "ordo/http/http_testing.h"

namespace ordo::board {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The store is written through one connection and watched through others, as by two processes.
class Live : public ::testing::Test {
 protected:
  Live()
      : read_(sample_.folder.path() / "store", {.access = store::Access::read}, sample_.context),
        watched_(sample_.folder.path() / "store", {.access = store::Access::read},
                 sample_.context) {}

  void listen(http::RawClient& client, const std::string& target) {
    client.send(http::get(target, server_.port()));
    client.read_until("event: hello");
  }

  SampleStore sample_;
  store::Store read_, watched_;
  Library library_{read_};
  http::RunningServer server_{{}, [this](const http::Request& r) { return answer(library_, r); }};
  Watcher watcher_{watched_, library_, server_.server().events()};
};

TEST_F(Live, TellsWhichStudiesChanged) {
  sample_.add({.finished = 2});
  http::RawClient client(server_.port());
  listen(client, "/api/events");
  watcher_.look();
  EXPECT_THAT(client.read_until("\"cells\":12"), HasSubstr("event: studies"));
  sample_.add({.name = "second", .finished = 0});
  watcher_.look();
  EXPECT_THAT(client.read_until("second"), HasSubstr("\"pending\":12"));
  sample_.store.delete_study("second");
  watcher_.look();
  EXPECT_THAT(client.read_until("\"gone\":[\"second\"]"), HasSubstr("\"gone\":[\"second\"]"));
}

TEST_F(Live, TellsListenersOfAStudyWhichRunsGrew) {
  sample_.add({.finished = 2});
  library_.study("sample");
  http::RawClient client(server_.port()), other(server_.port());
  listen(client, "/api/events?study=sample");
  listen(other, "/api/events");
  watcher_.look();
  client.read_until("event: study\n");
  const store::RunId run = sample_.begin(3);
  sample_.store.add_point(run, "loss", 1, 0.5);
  sample_.store.set_progress(run, {{"task", "training"}, {"done", 1}, {"total", 10}});
  sample_.store.flush();
  watcher_.look();
  const std::string got = client.read_until("\"done\":1,\"total\":10");
  EXPECT_THAT(got, HasSubstr(R"("index":2,"cell":3)"));
  EXPECT_THAT(got, HasSubstr(R"("status":"running","points":1)"));
  EXPECT_THAT(got, HasSubstr(R"("variant":"a","seed":2)"));
  EXPECT_THAT(got, Not(HasSubstr(R"("cell":1,)"))) << "runs that stayed as they were";
  EXPECT_THAT(other.read_until("never", 0.3), Not(HasSubstr("event: study\n")));
}

TEST_F(Live, ReadsNothingWhileNothingIsCommitted) {
  sample_.add();
  http::RawClient client(server_.port());
  listen(client, "/api/events");
  watcher_.look();
  client.read_until("event: studies");
  for (int i = 0; i < 20; ++i) watcher_.look();
  const std::string got = client.read_until("never", 0.3);
  EXPECT_EQ(got.find("event: studies", got.find("event: studies") + 1), std::string::npos);
}

}  // namespace
}  // namespace ordo::board
