// `ordo lm generate`: texts that go on from a prompt.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ordo/lm/text_model.h"
#include "ordo/lm/writing.h"

namespace ordo::lm {

struct GenerateTextOptions {
  ModelChoice model;
  WritingOptions writing;
  std::vector<std::string> prompts;
  std::filesystem::path file;  ///< of prompts: JSONL with "prompt", or a prompt a line
  std::int64_t count = 1;      ///< texts for each prompt
  std::int64_t batch = 16;     ///< texts that grow at once
  void describe(OptionSet& set);
};

struct WrittenText {
  std::string prompt, text;
  std::int64_t tokens = 0;
  std::string end;  ///< "token", "limit" or "stop"
  double log_probability = 0;
};
struct GenerateTextResult {
  std::vector<WrittenText> texts;
  std::int64_t tokens = 0;
  double seconds = 0;  ///< of reading prompts and writing texts
};
Json to_json(const GenerateTextResult& result);
std::string to_text(const GenerateTextResult& result);

/// Text number i of a prompt has its own seed. Where only one text is asked for, `receive` gets it
/// as it grows: the prompt with the first piece, then the others. Throws UsageError if there is no
/// prompt or options contradict each other, and what reading prompts, models and texts throws.
GenerateTextResult generate_texts(const GenerateTextOptions& options, Context& context,
                                  const TextReceiver& receive = {});

}  // namespace ordo::lm
