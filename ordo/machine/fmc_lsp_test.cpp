// The server is driven as an editor does it: framed messages in, framed messages out.
#include "ordo/machine/fmc_lsp.h"

#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

#include "ordo/base/file.h"

namespace ordo::machine::fmc {
namespace {

std::string framed(const Json& message) {
  const std::string body = message.dump();
  return "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
Json request(int id, const char* method, Json parameters = Json::object()) {
  return Json::object(
      {{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(parameters)}});
}
Json notice(const char* method, Json parameters = Json::object()) {
  return Json::object({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(parameters)}});
}
Json open(const std::string& uri, const std::string& text) {
  return notice(
      "textDocument/didOpen",
      Json::object(
          {{"textDocument",
            Json::object({{"uri", uri}, {"languageId", "fmc"}, {"version", 1}, {"text", text}})}}));
}
Json at(const std::string& uri, int line, int character) {
  return Json::object({{"textDocument", Json::object({{"uri", uri}})},
                       {"position", Json::object({{"line", line}, {"character", character}})}});
}

struct Talk {
  int status = 0;
  std::vector<Json> messages;
};
// What the server says to the messages; `initialize` comes before them and the farewell after.
Talk talk(const std::vector<Json>& messages, Json capabilities = Json::object()) {
  std::string input =
      framed(request(0, "initialize", Json::object({{"capabilities", std::move(capabilities)}})));
  input += framed(notice("initialized"));
  for (const Json& message : messages) input += framed(message);
  input += framed(request(99, "shutdown")) + framed(notice("exit"));
  std::istringstream in(input);
  std::ostringstream out;
  Talk result;
  result.status = serve_lsp(lsp_language(), in, out);
  std::string text = out.str();
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t body = text.find("\r\n\r\n", from) + 4;
    const std::size_t length = std::stoul(text.substr(from + 16));
    result.messages.push_back(parse_json(text.substr(body, length)));
    from = body + length;
  }
  return result;
}
Json answer(const Talk& all, int id) {
  for (const Json& message : all.messages) {
    if (message.find("id") != nullptr && *message.find("id") == Json(id)) return message;
  }
  return {};
}

const std::string kUri = "file:///tmp/a%20b/prog.fmc";
const std::string kText =
    "data List a = Nil | Cons a (List a).\n"
    "twice := <f>.f.f.\n"
    "\n"
    "λμ := <x>.[x].[[2].mul].twice.\n"
    "run [1].λμ.\n"
    "run [[Nil].[1].Cons].\n";

TEST(FmcLsp, GreetsAndLeavesAsTheProtocolSays) {
  const Talk all = talk({});
  EXPECT_EQ(all.status, 0);
  const Json greeting = answer(all, 0).at("result");
  EXPECT_TRUE(greeting.at("capabilities").at("hoverProvider").as_bool());
  EXPECT_EQ(greeting.at("capabilities").at("positionEncoding").as_string(), "utf-16");
  EXPECT_TRUE(answer(all, 99).at("result").is_null());
}

TEST(FmcLsp, SaysWhatIsWrongAndThatItIsMended) {
  const Json bad = open(kUri, "a := [\"x\"].[1].add.\nb := a.a.\n");
  const Json mended = notice(
      "textDocument/didChange",
      Json::object({{"textDocument", Json::object({{"uri", kUri}, {"version", 2}})},
                    {"contentChanges", Json::array({Json::object({{"text", "a := [1].\n"}})})}}));
  const Talk all = talk({bad, mended});
  ASSERT_EQ(all.messages.size(), 4U);
  const Json first = all.messages[1].at("params");
  EXPECT_EQ(first.at("uri").as_string(), kUri);
  ASSERT_EQ(first.at("diagnostics").size(), 1U);
  const Json problem = first.at("diagnostics").as_array()[0];
  EXPECT_EQ(problem.at("message").as_string(), "Str where Int is needed");
  EXPECT_EQ(problem.at("range").at("start"), Json::object({{"line", 0}, {"character", 15}}));
  EXPECT_EQ(all.messages[2].at("params").at("diagnostics").size(), 0U);
}

TEST(FmcLsp, ShowsTypesUnderTheCursor) {
  const auto hover = [](int line, int character) {
    const Json result =
        answer(
            talk({open(kUri, kText), request(1, "textDocument/hover", at(kUri, line, character))}),
            1)
            .at("result");
    return result.is_null() ? std::string() : result.at("contents").at("value").as_string();
  };
  EXPECT_EQ(hover(1, 2), "```fmc\ntwice : ..s (..s => *: ..s) => *: ..s\n```");
  EXPECT_EQ(hover(1, 10), "```fmc\nf : .. => *: ..\n```");  // where it is bound
  EXPECT_EQ(hover(1, 13), "```fmc\nf : .. => *: ..\n```");  // where it runs
  EXPECT_EQ(hover(3, 11), "```fmc\nx : Int\n```");          // where it is pushed
  EXPECT_EQ(hover(3, 20), "```fmc\nmul : ..s Int Int => *: ..s Int\n```");
  EXPECT_EQ(hover(5, 6), "```fmc\nNil constructs List\n```");
  EXPECT_EQ(hover(2, 0), "");
  EXPECT_EQ(hover(400, 400), "");
}

TEST(FmcLsp, GoesToWhereANameIsMade) {
  const auto target = [](int line, int character) {
    return answer(talk({open(kUri, kText),
                        request(1, "textDocument/definition", at(kUri, line, character))}),
                  1)
        .at("result");
  };
  const auto start = [](int line, int character) {
    return Json::object({{"line", line}, {"character", character}});
  };
  EXPECT_EQ(target(3, 26).at("range").at("start"), start(1, 0));  // twice
  EXPECT_EQ(target(3, 26).at("uri").as_string(), kUri);
  EXPECT_EQ(target(1, 14).at("range").at("start"), start(1, 9));   // f, to <f>
  EXPECT_EQ(target(4, 9).at("range").at("start"), start(3, 0));    // λμ
  EXPECT_EQ(target(5, 15).at("range").at("start"), start(0, 20));  // Cons
  EXPECT_TRUE(target(2, 0).is_null());
}

TEST(FmcLsp, GoesIntoImportedFiles) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "ordo-lsp";
  std::filesystem::create_directories(folder);
  write_file_atomic(folder / "base.fmc", "one := [1].\n");
  const std::string uri = uri_of_path((folder / "main.fmc").string());
  const Talk all = talk({open(uri, "import \"base\".\nrun one.\n"),
                         request(1, "textDocument/definition", at(uri, 1, 5)),
                         request(2, "textDocument/definition", at(uri, 0, 9))});
  for (const int id : {1, 2}) {
    EXPECT_EQ(answer(all, id).at("result").at("uri").as_string(),
              uri_of_path((folder / "base.fmc").string()));
  }
  std::filesystem::remove_all(folder);
}

TEST(FmcLsp, CountsColumnsAsTheEditorDoes) {
  const std::string text = "x\n\xF0\x9F\x98\x80λy";
  EXPECT_EQ(offset_of(text, 1, 3, PositionUnit::utf16), 8U);  // 2 + 4 bytes of the face + 2 of λ
  EXPECT_EQ(offset_of(text, 1, 4, PositionUnit::utf8), 6U);
  EXPECT_EQ(offset_of(text, 1, 99, PositionUnit::utf16), text.size());
  EXPECT_EQ(offset_of(text, 7, 0, PositionUnit::utf16), text.size());
  EXPECT_EQ(position_of(text, 8, PositionUnit::utf16),
            Json::object({{"line", 1}, {"character", 3}}));
  EXPECT_EQ(position_of(text, 8, PositionUnit::utf8),
            Json::object({{"line", 1}, {"character", 6}}));
  const Json known = Json::object(
      {{"general", Json::object({{"positionEncodings", Json::array({"utf-16", "utf-8"})}})}});
  EXPECT_EQ(answer(talk({}, known), 0).at("result").at("capabilities").at("positionEncoding"),
            Json("utf-8"));
}

TEST(FmcLsp, AnswersWhatItDoesNotKnowAndForgivesNonsense) {
  const Talk all =
      talk({request(1, "textDocument/rename"), notice("$/setTrace"),
            request(2, "textDocument/hover"), Json::array({1, 2}), notice("textDocument/didOpen"),
            open(kUri, "a := \xFF"), request(3, "textDocument/hover", at("file:///other", 0, 0))});
  EXPECT_EQ(answer(all, 1).at("error").at("code").as_int(), -32601);
  EXPECT_EQ(answer(all, 2).at("error").at("code").as_int(), -32602);
  EXPECT_TRUE(answer(all, 3).at("result").is_null());
  EXPECT_EQ(all.status, 0);
}

TEST(FmcLsp, RefusesBrokenFraming) {
  const auto serve = [](const std::string& text) {
    std::istringstream in(text);
    std::ostringstream out;
    return serve_lsp(lsp_language(), in, out);
  };
  EXPECT_EQ(serve(""), 1);
  EXPECT_EQ(serve(framed(notice("exit"))), 1);  // without shutdown
  for (const char* bad :
       {"Content-Length: 5\r\n\r\n{}", "Content-Length: x\r\n\r\n{}", "\r\n\r\n",
        "Content-Length: 99999999999\r\n\r\n", "Content-Length: 2", "Other: 1\n\n"})
    EXPECT_THROW(serve(bad), InputError) << bad;
  EXPECT_THROW(serve(std::string(10'000, 'x')), InputError);
}

TEST(FmcLsp, PathsAndUrisGoBothWays) {
  EXPECT_EQ(path_of_uri("file:///tmp/a%20b/%CE%BB.fmc"), "/tmp/a b/λ.fmc");
  EXPECT_EQ(uri_of_path("/tmp/a b/λ.fmc"), "file:///tmp/a%20b/%CE%BB.fmc");
  EXPECT_EQ(path_of_uri("file://host/x"), "/x");
  EXPECT_EQ(path_of_uri("untitled:1"), "untitled:1");
  EXPECT_EQ(path_of_uri("file:///a%2"), "/a%2");
}

}  // namespace
}  // namespace ordo::machine::fmc
