#include "ordo/board/board.h"

#include <thread>

#include "ordo/board/routes.h"
#include "ordo/board/watcher.h"
#include "ordo/http/server.h"

namespace ordo::board {

void Options::describe(OptionSet& set) {
  set.add("store", store, "Folder of the store.").placeholder("DIR");
  set.add("port", port, "Port on 127.0.0.1; 0: one that is free.").range(0, 65535);
  set.add("open", open, "Show the page in the desktop's browser.");
}

Json to_json(const Served& served) { return Json::object({{"url", served.url}}); }
std::string to_text(const Served&) { return {}; }

Served serve(const Options& options, const Surroundings& around, Context& context) {
  const store::StoreOptions reading{.access = store::Access::read};
  // Two connections, so that the watch never waits for a page that is being read.
  const store::Store store(options.store, reading, context);
  const store::Store watched(options.store, reading, context);
  Library library(store);
  http::Server server({.port = options.port}, [&library](const http::Request& request) {
    return answer(library, request);
  });
  const Served served{server.url()};
  if (around.ready) around.ready(served);
  Watcher watcher(watched, library, server.events());
  std::thread watching([&] { watcher.run(context.stop, context); });
  server.run(context.stop);
  watching.join();
  return served;
}

}  // namespace ordo::board
