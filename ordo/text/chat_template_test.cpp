// Templates beside Python's jinja2 (chat_template_golden.py made the file).
#include "ordo/text/chat_template.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"
#include "ordo/base/python_testing.h"

namespace ordo::text {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

const std::filesystem::path kGolden = ORDO_SOURCE_DIR "/ordo/text/golden";

// 26 July 2024, 15:04:05.
std::tm fixed_time() {
  std::tm time{};
  time.tm_year = 124;
  time.tm_mon = 6;
  time.tm_mday = 26;
  time.tm_hour = 15;
  time.tm_min = 4;
  time.tm_sec = 5;
  time.tm_wday = 5;
  time.tm_yday = 207;
  return time;
}

// Nothing where it throws InputError.
Json rendered(const std::string& source, const JsonObject& variables) {
  try {
    ChatTemplate chat(source);
    chat.set_clock(fixed_time);
    return chat.render_variables(variables);
  } catch (const InputError&) {
    return {};
  }
}

void expect_equal_to_jinja(const std::filesystem::path& folder) {
  const Json golden = read_json((folder / "chat_templates.json").string());
  for (const Json& one : golden.at("cases").as_array()) {
    const std::string& source = one.at("template").as_string();
    EXPECT_EQ(rendered(source, golden.at("variables").as_object()), one.at("text")) << source;
  }
  for (const Json& one : golden.at("files").as_array()) {
    EXPECT_EQ(rendered(one.at("template").as_string(), one.at("variables").as_object()),
              one.at("text"))
        << one.at("template").as_string();
  }
}

TEST(ChatTemplate, RendersAsJinjaDoes) { expect_equal_to_jinja(kGolden); }

// ORDO_CHAT_TEMPLATES names tokenizer_config.json files whose templates are compared too.
TEST(ChatTemplate, AgreesWithThePackageInstalledHere) {
  const auto interpreter = python_with("jinja2");
  if (!interpreter) GTEST_SKIP() << "no Python with jinja2; set ORDO_PYTHON";
  const TempFolder folder;
  const char* const more = std::getenv("ORDO_CHAT_TEMPLATES");
  const std::string command = *interpreter + " " + ORDO_SOURCE_DIR +
                              "/ordo/text/chat_template_golden.py " + folder.path().string() + " " +
                              (more != nullptr ? more : "");
  ASSERT_EQ(std::system(command.c_str()), 0);
  expect_equal_to_jinja(folder.path());
}

TEST(ChatTemplate, KnowsThePromptsOfCommonFamilies) {
  const std::vector<ChatMessage> messages = {
      {"system", "Be brief."}, {"user", "Hi"}, {"assistant", "Hello."}, {"user", "Bye"}};
  const auto prompt = [&](const std::string& family) {
    return ChatTemplate(known_chat_template(family))
        .render(messages, {.bos_token = "<s>", .eos_token = "</s>"});
  };
  EXPECT_EQ(prompt("chatml"),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
            "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
            "<|im_start|>assistant\n");
  EXPECT_EQ(
      prompt("llama2"),
      "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello. </s><s>[INST] Bye [/INST]");
  EXPECT_EQ(prompt("llama3"),
            "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
            "<|start_header_id|>assistant<|end_header_id|>\n\n");
  EXPECT_EQ(prompt("mistral"), "<s>[INST] Be brief.\n\nHi [/INST] Hello.</s>[INST] Bye [/INST]");
  EXPECT_EQ(
      prompt("zephyr"),
      "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello.</s>\n<|user|>\nBye</s>\n"
      "<|assistant|>\n");
  EXPECT_THAT([] { known_chat_template("nonsense"); },
              ThrowsMessage<UsageError>(HasSubstr("chatml")));
}

TEST(ChatTemplate, ErrorsSayWhereAndWhat) {
  const auto expect_error = [](const std::string& source, const std::string& place,
                               const std::string& what) {
    EXPECT_THAT([&] { ChatTemplate(source, "chat.jinja").render({ChatMessage{"user", "x"}}, {}); },
                ThrowsMessage<InputError>(AllOf(HasSubstr(place), HasSubstr(what))))
        << source;
  };
  expect_error("a\n{{ raise_exception('roles must alternate') }}", "chat.jinja:2",
               "roles must alternate");
  expect_error("a\n\n  {{ messages[0].role.nonsense.x }}", "chat.jinja:3",
               "undefined ('nonsense')");
  expect_error("{% frobnicate %}", "chat.jinja:1:4", "known are break");
  expect_error("{{ messages | shuffle }}", "chat.jinja:1", "known are abs");
  expect_error("{{ 1 is prime }}", "chat.jinja:1", "known are boolean");
  expect_error("{% if a %}\nx", "chat.jinja:2", "endif");
  expect_error("\n{{ 'abc", "chat.jinja:2", "no end");
  expect_error("{% break %}", "chat.jinja:1", "outside a loop");
  expect_error("{{ strftime_now() }}", "chat.jinja:1", "'format' is missing");
  expect_error("{{ \xFF }}", "chat.jinja", "0xFF");
}

TEST(ChatTemplate, EndsWhatDoesNotEnd) {
  const auto run = [](const std::string& source) {
    return ChatTemplate(source).render_variables({});
  };
  EXPECT_THROW(run("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"), InputError);
  EXPECT_THROW(run("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"),
               LimitError);
  EXPECT_THROW(run("{% for a in range(999) %}{{ 'x' * 9999999 }}{% endfor %}"), LimitError);
  EXPECT_THROW(run("{{ 'x' * 999999999999 }}"), InputError);
  EXPECT_THROW(run("{{ range(999999999) }}"), InputError);
  EXPECT_THROW(run("{{ 9 ** 999 }}"), InputError);
  EXPECT_THROW(run("{{ " + std::string(5000, '(') + "1"), InputError);
  EXPECT_THROW(run("{{ " + std::string(5000, '-') + "1"), InputError);
  std::string chain = "{{ a", ifs;
  for (int i = 0; i < 5000; ++i) chain += ".a", ifs += "{% if 1 %}";
  EXPECT_THROW(run(chain + " }}"), InputError);
  EXPECT_THROW(run(ifs), InputError);
}

TEST(ChatTemplate, VariablesOfTheCallerCountMoreThanFunctions) {
  EXPECT_EQ(ChatTemplate("{{ range }}")
                .render({ChatMessage{"user", ""}}, {.variables = {{"range", "mine"}}}),
            "mine");
}

}  // namespace
}  // namespace ordo::text
