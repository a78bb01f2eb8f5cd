// Tables fill from what the alternatives' code does first.
#include <algorithm>

#include <fmt/format.h>

#include "ordo/machine/rmc_code.h"

namespace ordo::machine::rmc {
namespace {

class Indexer {
 public:
  explicit Indexer(CompiledProgram& out) : out_(out) {}

  void fill(Dispatch& dispatch, std::vector<Alternative> all) {
    std::vector<First> firsts;
    Members everyone;
    std::unordered_map<std::uint32_t, std::size_t> votes;
    for (const Alternative& alternative : all) {
      firsts.push_back(first_of(alternative.target));
      everyone.push_back(everyone.size());
      if (firsts.back().pops) ++votes[firsts.back().stack];
    }
    std::size_t most = 0;
    for (const auto& [stack, count] : votes) {
      if (count > most || (count == most && stack < dispatch.stack)) {
        most = count;
        dispatch.stack = stack;
      }
    }
    for (Alternative& alternative : all) {
      const Instruction* const first = &out_.code[alternative.target];
      const bool direct = first[0].code == Code::pop && first[0].a == dispatch.stack &&
                          first[1].code == Code::get_last_structure;
      if (direct) alternative.direct = alternative.target + 2;
    }
    dispatch.all = add_list(dispatch, all, everyone);
    if (most == 0) return;
    dispatch.indexed = true;
    const auto on_stack = [&](std::size_t m) {
      return firsts[m].pops && firsts[m].stack == dispatch.stack;
    };
    Members without;
    for (const std::size_t m : everyone) {
      if (!on_stack(m)) without.push_back(m);
    }
    dispatch.empty = add_list(dispatch, all, without);
    const Grouped grouped =
        group(everyone, [&](std::size_t m) { return on_stack(m) ? firsts[m].key : Word{0}; });
    dispatch.table.unbound = dispatch.all;
    dispatch.table.other = add_list(dispatch, all, grouped.other);
    reserve(dispatch.table, grouped.keys.size());
    for (const Word key : grouped.keys) {
      const Members& members = grouped.members.at(key);
      KeyTable::Entry& entry = insert(dispatch.table, key);
      entry.range = add_list(dispatch, all, members);
      if (members.size() > 1 && word::tag(key) == word::kHeader) {
        entry.inner = inner_table(dispatch, all, firsts, members, on_stack);
      }
    }
  }

  void look_up(Goal& goal) const {
    const Dispatch& dispatch = out_.dispatches[goal.dispatch];
    if (!dispatch.indexed || dispatch.stack != goal.stack) return;
    const KeyTable::Entry* const entry = dispatch.table.find(goal.header);
    if (entry == nullptr) return;
    goal.indexed = true;
    goal.range = entry->range;
    goal.inner = entry->inner;
  }

 private:
  static constexpr std::uint32_t kIndexedArguments = 8;

  // What an alternative needs to begin: a pop from `stack` of an item with `key` (0: any) whose
  // arguments have keys.
  struct First {
    bool pops = false;
    std::uint32_t stack = 0;
    Word key = 0;
    std::vector<Word> arguments = {};
  };

  Word key_of(const Instruction& token) const {
    switch (token.code) {
      case Code::get_constant:
        return token.w;
      case Code::get_ground:
        return *word::address(token.w);
      case Code::get_structure:
      case Code::get_last_structure:
        return token.w;
      default:
        return 0;
    }
  }

  First first_of(std::uint32_t at) const {
    for (int hops = 0; hops < 1000; ++hops) {
      const Instruction& instruction = out_.code[at];
      if (instruction.code == Code::jump) {
        at = instruction.a;
      } else if (instruction.code == Code::frame || instruction.code == Code::unframe) {
        ++at;
      } else {
        break;
      }
    }
    if (out_.code[at].code != Code::pop) return {};
    First first{true, out_.code[at].a, key_of(out_.code[at + 1])};
    const Instruction& item = out_.code[++at];
    if (item.code == Code::get_last_structure) {
      const std::uint32_t arity = word::arity(item.w);
      // A structure's tokens end with its get_up; as the last argument they are not skipped over.
      for (++at; first.arguments.size() < arity && first.arguments.size() < kIndexedArguments;) {
        first.arguments.push_back(key_of(out_.code[at]));
        std::uint32_t open = out_.code[at].code == Code::get_structure ? 1 : 0;
        for (++at; open > 0; ++at) {
          if (out_.code[at].code == Code::get_structure) ++open;
          if (out_.code[at].code == Code::get_up) --open;
        }
      }
    }
    return first;
  }
  using Members = std::vector<std::size_t>;  // numbers of alternatives, in order

  KeyTable::Range add_list(Dispatch& dispatch, const std::vector<Alternative>& all,
                           const Members& members) {
    const auto begin = static_cast<std::uint32_t>(dispatch.lists.size());
    for (const std::size_t member : members) dispatch.lists.push_back(all[member]);
    return {begin, static_cast<std::uint32_t>(dispatch.lists.size())};
  }

  // Groups members by key; members with key 0 go everywhere.
  struct Grouped {
    std::vector<Word> keys;  // in order of first occurrence
    std::unordered_map<Word, Members> members;
    Members other;
  };
  template <class KeyOf>
  static Grouped group(const Members& members, const KeyOf& key_of) {
    Grouped grouped;
    for (const std::size_t member : members) {
      const Word key = key_of(member);
      if (key == 0) {
        for (auto& [k, list] : grouped.members) list.push_back(member);
        grouped.other.push_back(member);
      } else {
        const auto [place, fresh] = grouped.members.try_emplace(key, grouped.other);
        if (fresh) grouped.keys.push_back(key);
        place->second.push_back(member);
      }
    }
    return grouped;
  }

  static void reserve(KeyTable& table, std::size_t keys) {
    std::size_t size = 2;
    while (size < 2 * keys + 1) size *= 2;
    table.entries.assign(size, {});
    table.mask = size - 1;
  }
  static KeyTable::Entry& insert(KeyTable& table, Word key) {
    std::size_t at = table.home(key);
    while (table.entries[at].key != 0) at = (at + 1) & table.mask;
    table.entries[at].key = key;
    return table.entries[at];
  }

  // A table on the argument with the most keys, or -1.
  template <class OnStack>
  std::int32_t inner_table(Dispatch& dispatch, const std::vector<Alternative>& all,
                           const std::vector<First>& firsts, const Members& members,
                           const OnStack& on_stack) {
    std::size_t best_keys = 0;
    Grouped best;
    std::uint32_t argument = 0;
    for (std::uint32_t i = 0; i < kIndexedArguments; ++i) {
      Grouped grouped = group(members, [&](std::size_t m) {
        return on_stack(m) && i < firsts[m].arguments.size() ? firsts[m].arguments[i] : Word{0};
      });
      if (grouped.keys.size() <= best_keys) continue;
      best_keys = grouped.keys.size();
      best = std::move(grouped);
      argument = i;
    }
    if (best_keys == 0) return -1;
    KeyTable table;
    table.argument = argument;
    table.unbound = add_list(dispatch, all, members);
    table.other = add_list(dispatch, all, best.other);
    reserve(table, best.keys.size());
    for (const Word key : best.keys) {
      insert(table, key).range = add_list(dispatch, all, best.members.at(key));
    }
    dispatch.inner.push_back(std::move(table));
    return static_cast<std::int32_t>(dispatch.inner.size() - 1);
  }

  CompiledProgram& out_;
};

std::string key_text(const Terms& terms, Word key) {
  if (word::tag(key) == word::kConstant) return terms.text(word::symbol(key));
  return fmt::format("{}/{}", terms.text(word::functor(key)), word::arity(key));
}

}  // namespace

void fill_tables(CompiledProgram& compiled, std::vector<std::vector<Alternative>> alternatives) {
  Indexer indexer(compiled);
  for (std::size_t i = 0; i < alternatives.size(); ++i) {
    indexer.fill(compiled.dispatches[i], std::move(alternatives[i]));
  }
  for (Goal& goal : compiled.goals) indexer.look_up(goal);
}

std::string describe_dispatch(const Terms& terms, const CompiledProgram& compiled) {
  std::string text;
  for (std::size_t i = 0; i < compiled.dispatches.size(); ++i) {
    const Dispatch& dispatch = compiled.dispatches[i];
    text += fmt::format("{} {}: {} alternatives", dispatch.star ? "star" : "sum", i,
                        dispatch.all.end - dispatch.all.begin);
    if (!dispatch.indexed) {
      text += ", tried in order\n";
      continue;
    }
    const Symbol location = compiled.stacks[dispatch.stack];
    text += fmt::format(", by the top of {}\n", location == kMain ? "main" : terms.text(location));
    for (const KeyTable::Entry& entry : dispatch.table.entries) {
      if (entry.key == 0) continue;
      text += fmt::format("  {:<16} {}", key_text(terms, entry.key),
                          entry.range.end - entry.range.begin);
      if (entry.inner >= 0) {
        text += fmt::format(", then by argument {}",
                            dispatch.inner[static_cast<std::size_t>(entry.inner)].argument + 1);
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace ordo::machine::rmc
