using System.Collections.Frozen;

namespace Gatehouse.Model.Expressions;

/// <summary>What Python has and this language has not, with what to write instead.</summary>
internal static class Refusals
{
    /// <summary>Words that can't begin a statement or be a name.</summary>
    public static readonly FrozenDictionary<string, string> Words = new Dictionary<string, string>
    {
        ["import"] = "Nothing can be imported: an expression never runs code from elsewhere. The functions there are stand in docs/expressions.md.",
        ["from"] = "Nothing can be imported: an expression never runs code from elsewhere. The functions there are stand in docs/expressions.md.",
        ["def"] = "Functions can't be defined; write the steps one after the other.",
        ["class"] = "Classes can't be defined; use a dictionary.",
        ["lambda"] = "Functions can't be defined; use a comprehension, such as [g.name for g in user.groups.all()].",
        ["while"] = "There is no while; use for over a list, or range(n).",
        ["try"] = "There is no try; ask first, with 'in', .get(name, default) or hasattr(object, name).",
        ["raise"] = "There is no raise; return False, and tell people why with ak_message(\"...\").",
        ["with"] = "There is no with.",
        ["del"] = "There is no del; make a new dictionary without the entry.",
        ["global"] = "There are no global names.",
        ["nonlocal"] = "There are no global names.",
        ["assert"] = "There is no assert; use if and return.",
        ["yield"] = "There is no yield; return a list.",
        ["async"] = "There is no async.",
        ["await"] = "There is no await.",
        ["match"] = "There is no match; use if, elif and else.",
        ["except"] = "There is no try and no except.",
        ["finally"] = "There is no try and no finally.",
    }.ToFrozenDictionary();

    /// <summary>Functions of Python and authentik that are not here.</summary>
    public static readonly FrozenDictionary<string, string> Functions = new Dictionary<string, string>
    {
        ["eval"] = "Text is never run as code.",
        ["exec"] = "Text is never run as code.",
        ["compile"] = "Text is never run as code.",
        ["open"] = "Files can't be read.",
        ["print"] = "Use ak_logger.info(\"...\"): it goes into the log of the policy test.",
        ["isinstance"] = "Compare with ==, or ask hasattr(object, name).",
        ["type"] = "Kinds of values can't be asked for; compare with ==, or ask hasattr(object, name).",
        ["requests"] = "Expressions don't reach the network.",
        ["resolve_dns"] = "Expressions don't reach the network.",
        ["reverse_dns"] = "Expressions don't reach the network.",
        ["ak_send_email"] = "Expressions send nothing; use a notification rule.",
        ["ak_create_event"] = "Expressions change nothing; switch on execution_logging of the policy.",
        ["ak_create_jwt"] = "Expressions issue no tokens.",
        ["ak_create_jwt_raw"] = "Expressions issue no tokens.",
        ["ak_user_by"] = "Other users can't be looked up; use request.user.",
        ["ak_call_policy"] = "Bind both policies, with the engine mode all or any.",
        ["ak_user_has_authenticator"] = "Use an authenticator validation stage; not_configured_action says what follows for people without a device.",
        ["setattr"] = "Objects can't be changed.",
        ["delattr"] = "Objects can't be changed.",
        ["globals"] = "There are no global names.",
        ["locals"] = "There are no global names.",
        ["vars"] = "Use the documented attributes.",
        ["dir"] = "Use the documented attributes.",
    }.ToFrozenDictionary();

    /// <summary>Signs that are cut but mean nothing here.</summary>
    public static readonly FrozenDictionary<string, string> Signs = new Dictionary<string, string>
    {
        ["**"] = "Powers are not supported; multiply.",
        [":="] = "Assign in a line of its own, with =.",
        ["->"] = "Functions can't be defined.",
        ["@"] = "There are no decorators.",
        ["..."] = "Write pass, or None.",
        ["<<"] = "Bits can't be shifted.",
        [">>"] = "Bits can't be shifted.",
        ["&"] = "Use 'and'; for lists use [x for x in a if x in b].",
        ["^"] = "Use != .",
        ["~"] = "Use 'not'.",
    }.ToFrozenDictionary();
}
