#include "ordo/cli/completion.h"

#include "ordo/base/error.h"

namespace ordo::cli {
namespace {

constexpr const char* kBash = R"sh(# ordo completion for bash:  source <(ordo completion bash)
_ordo() {
  local word="${COMP_WORDS[COMP_CWORD]}" candidates
  if [ "$COMP_CWORD" -eq 1 ]; then
    candidates="$(ordo __verbs 2>/dev/null) completion help"
  else
    candidates="$(ordo "${COMP_WORDS[1]}" __complete "${COMP_WORDS[@]:2:COMP_CWORD-2}" 2>/dev/null)" fi
    COMPREPLY = ($(compgen - W "$candidates" --"$word"))
}
complete -o default -F _ordo ordo
)sh";

constexpr const char* kZsh = R"sh(# ordo completion for zsh:  source <(ordo completion zsh)
_ordo() {
  local -a candidates
  if (( CURRENT == 2 )); then
    candidates=(${(f)"$(ordo __verbs 2>/dev/null)"} completion help)
  else
    candidates=(${(f)"$(ordo ${words[2]} __complete ${words[3,CURRENT-1]} 2>/dev/null)"})
  fi
  compadd -a candidates
  _files
}
compdef _ordo ordo
)sh";

constexpr const char* kFish = R"sh(# ordo completion for fish:  ordo completion fish | source
function __ordo_candidates
  set -l words (commandline -opc)
  if test (count $words) -eq 1
    ordo __verbs 2>/dev/null
    echo completion
    echo help
  else
    ordo $words[2] __complete $words[3..-1] 2>/dev/null
  end
end
complete -c ordo -a '(__ordo_candidates)'
)sh";

}  // namespace

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  throw UsageError("expected bash, zsh or fish, found '" + shell +
                   "'\nExample: source <(ordo completion bash)");
}

}  // namespace ordo::cli
