#include "ordo/text/choice_questions.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ordo/base/error.h"
#include "ordo/base/file.h"

namespace ordo::text {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ChoiceFiles, HellaSwagIsReadAsLmEvalDoes) {
  const TempFolder folder;
  write_file_atomic(
      folder.path() / "h.jsonl",
      R"({"activity_label": "Roof shingle removal", "ctx_a": "A man is on a roof.", "ctx_b": "he", "endings": [" starts [step] pulling  up.", "is [title] gone"], "label": "1"})");
  const auto found = read_choice_lines(folder.path() / "h.jsonl");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].context, "Roof shingle removal: A man is on a roof. He");
  EXPECT_THAT(found[0].answers, ElementsAre("starts pulling up.", "is. gone"));
  EXPECT_EQ(found[0].right, 1U);
}

TEST(ChoiceFiles, MmluIsAskedAfterSolvedQuestions) {
  const TempFolder folder;
  fs::create_directories(folder.path() / "dev");
  fs::create_directories(folder.path() / "test");
  write_file_atomic(folder.path() / "dev/high_school_art_dev.csv", "\"1, 2?\",a,b,c,d,B\n");
  write_file_atomic(folder.path() / "test/high_school_art_test.csv", "What?,w,x,y,z,D\n");
  const auto found = read_mmlu(folder.path(), 1);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].context,
            "The following are multiple choice questions (with answers) about high school art.\n\n"
            "1, 2?\nA. a\nB. b\nC. c\nD. d\nAnswer: B\n\n"
            "What?\nA. w\nB. x\nC. y\nD. z\nAnswer:");
  EXPECT_EQ(found[0].right, 3U);
  EXPECT_EQ(found[0].subject, "high_school_art");
  EXPECT_THAT([&] { read_mmlu(folder.path(), 2); },
              ThrowsMessage<InputError>(HasSubstr("holds 1 solved questions, expected 2")));
  write_file_atomic(folder.path() / "test/high_school_art_test.csv", "What?,w,x,y,z,E\n");
  EXPECT_THAT([&] { read_mmlu(folder.path(), 0); }, ThrowsMessage<InputError>(HasSubstr(":1")));
  EXPECT_THROW(read_mmlu(folder.path() / "dev", 0), IoError);
}

TEST(ChoiceFiles, NameLineAndField) {
  const TempFolder folder;
  const auto refused = [&](const std::string& line, const std::string& message) {
    write_file_atomic(folder.path() / "q.jsonl", "\n" + line);
    EXPECT_THAT([&] { read_choice_lines(folder.path() / "q.jsonl"); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("q.jsonl:2"), HasSubstr(message))));
  };
  refused(R"({"question": "a", "choices": ["b", "c"], "answer": 2})", "/answer");
  refused(R"({"question": "a", "choices": ["b", "c"], "answer": "C"})", "0 to 1");
  refused(R"({"question": "a", "choices": ["b"], "answer": 0})", "/choices");
  refused(R"({"choices": ["b", "c"], "answer": 0})", "/question");
  refused(R"({"ctx": "a", "endings": ["b", 3], "label": 0})", "/endings");
}

}  // namespace
}  // namespace ordo::text
