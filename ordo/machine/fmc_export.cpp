// Printing walks an explicit stack of pieces, as the calculus' own printer does.
#include "ordo/machine/fmc_export.h"

#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "ordo/machine/fmc_names.h"

namespace ordo::machine::fmc {
namespace {

struct Outside {
  TermId term;
  std::string what;
};

class Exporter {
 public:
  Exporter(const Terms& terms, Target target) : terms_(terms), target_(target) {
    for (const char* word : {"let", "in", "if", "then", "else", "try", "catch", "to", "force",
                             "thunk", "return", "get", "set", "read", "write", "raise"})
      names_.reserve(word);
  }

  std::string run(TermId root) {
    names_.reserve_free(terms_, root);
    tasks_.push_back({Task::Kind::term, root, Place::whole, {}});
    while (!tasks_.empty()) {
      const Task task = std::move(tasks_.back());
      tasks_.pop_back();
      switch (task.kind) {
        case Task::Kind::text:
          out_ += task.text;
          break;
        case Task::Kind::open:
          names_.open(task.text);
          break;
        case Task::Kind::close:
          names_.close();
          break;
        case Task::Kind::value:
        case Task::Kind::term: {
          current_ = task.term;
          task.kind == Task::Kind::value ? value(task.term, task.place)
                                         : step(task.term, task.place);
          tasks_.insert(tasks_.end(), std::make_move_iterator(pieces_.rbegin()),
                        std::make_move_iterator(pieces_.rend()));
          pieces_.clear();
        }
      }
    }
    return std::move(out_);
  }

 private:
  enum class Place { whole, function, argument };  // what may stand here without parentheses
  struct Task {
    enum class Kind { text, open, close, term, value } kind;
    TermId term;
    Place place;
    std::string text;  // open: the name whose scope begins
  };

  // Pieces in the order of the text.
  void say(std::string text) {
    pieces_.push_back({Task::Kind::text, 0, Place::whole, std::move(text)});
  }
  void then(TermId term, Place place) { pieces_.push_back({Task::Kind::term, term, place, {}}); }
  void then_value(TermId term, Place place) {
    pieces_.push_back({Task::Kind::value, term, place, {}});
  }
  void open(const std::string& name) {
    pieces_.push_back({Task::Kind::open, 0, Place::whole, name});
  }
  void close() { pieces_.push_back({Task::Kind::close, 0, Place::whole, {}}); }
  [[noreturn]] void outside(std::string what) const { throw Outside{current_, std::move(what)}; }

  void name(const Node& node) {
    if (node.op == Op::bound)
      say(names_.bound(node.label));
    else
      say(terms_.text(node.label));
  }

  void step(TermId id, Place place) {
    if (target_ == Target::lambda_cbv) return by_value(id, place);
    const Node& node = terms_[id];
    const bool cbpv = target_ == Target::push_value;
    switch (node.op) {
      case Op::bound:
      case Op::free:
        if (cbpv)
          return wrapped(place, [&] {
            say("force ");
            name(node);
          });
        return name(node);
      case Op::jump:
        if (cbpv || id == terms_.skip())
          outside(id == terms_.skip() ? "'*'"
                                      : fmt::format("the exit {}", terms_.text(node.label)));
        return name(node);
      case Op::pop:
        require_main(node, "pop from");
        return wrapped(place, [&] { abstraction(node); });
      case Op::push:
        return push(node, place);
      case Op::join:
        return sequence(node, place);
      case Op::loop:
        outside("a loop");
    }
  }

  template <class Body>
  void wrapped(Place place, const Body& body) {
    if (place != Place::whole) say("(");
    body();
    if (place != Place::whole) say(")");
  }

  void require_main(const Node& node, const char* what) const {
    if (node.label != kMain)
      outside(fmt::format("a {} the stack '{}'", what, terms_.text(node.label)));
  }

  void abstraction(const Node& node) {
    const std::string chosen = names_.choose(terms_, node.first);
    say("\\" + chosen + ". ");
    open(chosen);
    then(node.second, Place::whole);
    close();
  }

  void push(const Node& node, Place place) {
    require_main(node, "push on");
    const bool last = node.second == terms_.skip();
    if (target_ == Target::lambda_cbn && last) outside("a push with nothing behind it");
    if (target_ != Target::push_value) {
      if (last) {
        return wrapped(place, [&] {
          say("return ");
          then(node.first, Place::argument);
        });
      }
      const auto both = [&] {
        then(node.second, Place::function);
        say(" ");
        then(node.first, Place::argument);
      };
      return place == Place::argument ? wrapped(place, both) : both();
    }
    const Node& rest = terms_[node.second];
    const bool forced = rest.op == Op::pop && rest.label == kMain &&
                        terms_[rest.second].op == Op::bound && terms_[rest.second].label == 0;
    wrapped(place, [&] {
      if (last || forced) {
        say(last ? "return " : "force ");
        return then_value(node.first, Place::argument);
      }
      then_value(node.first, Place::argument);
      say(" ' ");
      then(node.second, Place::function);
    });
  }

  // A value of call-by-push-value: a name, a literal or a thunk.
  void value(TermId id, Place place) {
    const Node& node = terms_[id];
    const bool atom =
        node.op == Op::bound || node.op == Op::free || (node.op == Op::jump && id != terms_.skip());
    if (atom) return name(node);
    wrapped(place, [&] {
      say("thunk ");
      then(id, Place::argument);
    });
  }

  void sequence(const Node& node, Place place) {
    const Node& rest = terms_[node.second];
    if (target_ == Target::lambda_cbn || node.label != kSkip)
      outside(node.label == kSkip ? "a sequence" : "a handler");
    if (rest.op != Op::pop || rest.label != kMain) outside("a sequence that names no result");
    wrapped(place, [&] {
      const bool cbpv = target_ == Target::push_value;
      const std::string chosen = names_.choose(terms_, rest.first);
      if (!cbpv) say("let " + chosen + " = ");
      then(node.first, cbpv ? Place::function : Place::whole);
      say(cbpv ? " to " + chosen + ". " : " in ");
      open(chosen);
      then(rest.second, Place::whole);
      close();
    });
  }

  // [x], [<x>.M] and N; M; <f>.f
  void by_value(TermId id, Place place) {
    const Node& node = terms_[id];
    if (node.op == Op::push && node.second == terms_.skip() && node.label == kMain) {
      const Node& pushed = terms_[node.first];
      if (pushed.op == Op::pop && pushed.label == kMain)
        return wrapped(place, [&] { abstraction(pushed); });
      if (pushed.op == Op::bound || pushed.op == Op::free ||
          (pushed.op == Op::jump && node.first != terms_.skip()))
        return name(pushed);
      outside("a push of what is neither a name nor a function");
    }
    const auto calls = [&](TermId term) {
      const Node& pop = terms_[term];
      return pop.op == Op::pop && pop.label == kMain && terms_[pop.second].op == Op::bound &&
             terms_[pop.second].label == 0;
    };
    const auto sequenced = [&](TermId term) {
      return terms_[term].op == Op::join && terms_[term].label == kSkip;
    };
    TermId argument = 0, function = 0;
    if (sequenced(id) && sequenced(node.first) && calls(node.second)) {
      argument = terms_[node.first].first;
      function = terms_[node.first].second;
    } else if (sequenced(id) && sequenced(node.second) && calls(terms_[node.second].second)) {
      argument = node.first;
      function = terms_[node.second].first;
    } else {
      outside("what is no value and no call N; M; <f>.f");
    }
    const auto both = [&] {
      then(function, Place::function);
      say(" ");
      then(argument, Place::argument);
    };
    place == Place::argument ? wrapped(place, both) : both();
  }

  const Terms& terms_;
  Target target_;
  Names names_;
  std::vector<Task> tasks_, pieces_;
  std::string out_;
  TermId current_ = 0;
};

}  // namespace

std::string export_term(const Terms& terms, TermId term, Target target, Diagnostics& problems) {
  try {
    return Exporter(terms, target).run(term);
  } catch (const Outside& outside) {
    problems.error(
        terms.span(outside.term),
        fmt::format("{} has no counterpart in the language translated to", outside.what));
    return {};
  }
}

}  // namespace ordo::machine::fmc
