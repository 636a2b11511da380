using System.Globalization;
using Gatehouse.Model.Events;
using Gatehouse.Model.Notifications;
using Gatehouse.Model.Providers;
using Gatehouse.Model.Users;

namespace Gatehouse.Model.Expressions;

/// <summary>The values that an expression is given. Made anew for each run: an expression may change its dictionaries.</summary>
public sealed class ExpressionFacts
{
    private static readonly FactObject Logger = new("logger", new Dictionary<string, object?>());

    private ExpressionFacts(Dictionary<string, object?> values) => Values = values;

    internal IReadOnlyDictionary<string, object?> Values { get; }

    /// <summary>For a policy.</summary>
    /// <param name="context">Texts, numbers, truth values, lists and dictionaries of such, by name. <c>http_request</c> is a dictionary with path, method and user_agent.</param>
    /// <param name="application">What access is asked to; null when it is no application.</param>
    public static ExpressionFacts ForPolicy(PersonFacts person, string? clientIp, IReadOnlyDictionary<string, object> context, ProviderApplication? application)
    {
        var user = UserOf(person);
        var known = ContextOf(context);
        var http = HttpOf(known, clientIp);
        var request = new FactObject("request", new Dictionary<string, object?>
        {
            ["user"] = user,
            ["context"] = known,
            ["http_request"] = http,
            ["obj"] = application is null ? null : ObjectOf(application),
            ["debug"] = false,
        });
        return new ExpressionFacts(new Dictionary<string, object?>
        {
            ["request"] = request,
            ["user"] = user,
            ["context"] = known,
            ["http_request"] = http,
            ["ak_client_ip"] = AddressOf(clientIp),
            ["ak_is_sso_flow"] = known.TryGetValue("is_sso", out var isSso) && Meaning.IsTrue(isSso),
            ["ak_logger"] = Logger,
        });
    }

    /// <summary>For a scope mapping.</summary>
    public static ExpressionFacts ForMapping(
        PersonFacts person, OAuth2Provider provider, ProviderApplication? application, IReadOnlyList<string> scopes, string? clientIp, IReadOnlyDictionary<string, object> context)
    {
        var user = UserOf(person);
        var known = ContextOf(context);
        var http = HttpOf(known, clientIp);
        var asked = application is null ? null : ObjectOf(application);
        return new ExpressionFacts(new Dictionary<string, object?>
        {
            ["request"] = new FactObject("request", new Dictionary<string, object?>
            {
                ["user"] = user,
                ["context"] = known,
                ["http_request"] = http,
                ["obj"] = asked,
                ["debug"] = false,
            }),
            ["user"] = user,
            ["provider"] = new FactObject("provider", new Dictionary<string, object?>
            {
                ["pk"] = (long)provider.Id,
                ["name"] = provider.Name,
                ["client_id"] = provider.ClientId,
                ["client_type"] = provider.ClientType == ClientType.Public ? "public" : "confidential",
                ["application"] = asked,
            }),
            ["token"] = new FactObject("token", new Dictionary<string, object?> { ["scope"] = scopes.ToList<object?>() }),
            ["http_request"] = http,
            ["ak_client_ip"] = AddressOf(clientIp),
            ["ak_logger"] = Logger,
        });
    }

    /// <summary>For what a webhook is sent.</summary>
    /// <param name="to">Who is told; nobody where the transport sends once.</param>
    /// <param name="id">The notification.</param>
    public static ExpressionFacts ForWebhook(PersonFacts to, Guid id, Event happened, Severity severity)
    {
        var user = UserOf(to);
        var notification = new FactObject("notification", new Dictionary<string, object?>
        {
            ["pk"] = id.ToString(),
            ["body"] = EventText.Summary(happened),
            ["severity"] = EventText.WordOf(severity),
            ["created"] = TimeOf(happened.CreatedAt),
            ["user"] = user,
            ["event"] = EventOf(happened),
            ["hyperlink"] = EventText.Detail(happened, "hyperlink"),
            ["hyperlink_label"] = EventText.Detail(happened, "hyperlink_label"),
        });
        return new ExpressionFacts(new Dictionary<string, object?>
        {
            ["request"] = new FactObject("request", new Dictionary<string, object?>
            {
                ["user"] = user,
                ["context"] = new Table { ["notification"] = notification },
                ["http_request"] = null,
                ["obj"] = null,
                ["debug"] = false,
            }),
            ["user"] = user,
            ["notification"] = notification,
            ["ak_logger"] = Logger,
        });
    }

    private static FactObject EventOf(Event happened) => new("event", new Dictionary<string, object?>
    {
        ["pk"] = happened.Id.ToString(),
        ["event_uuid"] = happened.Id.ToString(),
        ["action"] = happened.Action,
        ["app"] = happened.App,
        ["client_ip"] = happened.ClientIp,
        ["created"] = TimeOf(happened.CreatedAt),
        ["user"] = new Table { ["pk"] = (long?)happened.UserId, ["username"] = happened.Username, ["email"] = happened.Email },
        ["context"] = ValueJson.ReadObject(happened.ContextJson),
    });

    private static FactObject UserOf(PersonFacts person)
    {
        if (person.User is not { } user)
        {
            return Nobody();
        }

        var direct = new FactList([.. person.DirectGroups.Select(GroupOf)]);
        return new FactObject("user", new Dictionary<string, object?>
        {
            ["pk"] = (long)user.Id,
            ["id"] = (long)user.Id,
            ["uuid"] = user.Uuid.ToString(),
            ["uid"] = person.Uid,
            ["username"] = user.Username,
            ["name"] = user.Name,
            ["email"] = user.Email,
            ["is_active"] = user.IsActive,
            ["is_superuser"] = person.IsSuperuser,
            ["is_authenticated"] = true,
            ["is_anonymous"] = false,
            ["path"] = user.Path,
            ["type"] = WordOf(user.Type),
            ["attributes"] = ValueJson.ReadObject(user.AttributesJson),
            ["date_joined"] = TimeOf(user.CreatedAt),
            ["last_login"] = user.LastLoginAt is { } login ? TimeOf(login) : null,
            ["password_change_date"] = TimeOf(user.PasswordChangedAt ?? user.CreatedAt),
            ["groups"] = direct,
            ["ak_groups"] = direct,
        })
        {
            Methods = new Dictionary<string, Func<object?>>
            {
                ["all_groups"] = () => new FactList([.. person.AllGroups.Select(GroupOf)]),
                ["group_attributes"] = () => AttributesOf(person),
                ["app_entitlements"] = () => new FactList([.. person.Entitlements.Select(EntitlementOf)]), // of any application; the call names one
            },
        };
    }

    private static FactObject Nobody() => new("user", new Dictionary<string, object?>
    {
        ["pk"] = null,
        ["id"] = null,
        ["username"] = "AnonymousUser",
        ["name"] = "",
        ["email"] = "",
        ["is_active"] = false,
        ["is_superuser"] = false,
        ["is_authenticated"] = false,
        ["is_anonymous"] = true,
        ["attributes"] = new Table(),
        ["groups"] = new FactList([]),
        ["ak_groups"] = new FactList([]),
    })
    {
        Methods = new Dictionary<string, Func<object?>>
        {
            ["all_groups"] = () => new FactList([]),
            ["group_attributes"] = () => new Table(),
            ["app_entitlements"] = () => new FactList([]),
        },
    };

    // Groups by name, then the user's own on top.
    private static Table AttributesOf(PersonFacts person)
    {
        var made = new Table();
        foreach (var json in person.AllGroups.OrderBy(g => g.Name, StringComparer.Ordinal).Select(g => g.AttributesJson).Append(person.User?.AttributesJson ?? "{}"))
        {
            Merge(made, ValueJson.ReadObject(json));
        }

        return made;
    }

    private static void Merge(Table into, Table from)
    {
        foreach (var (key, value) in from)
        {
            if (value is Table inner && into.TryGetValue(key, out var there) && there is Table outer)
            {
                Merge(outer, inner);
            }
            else
            {
                into[key] = value;
            }
        }
    }

    private static FactObject GroupOf(Group group) => new("group", new Dictionary<string, object?>
    {
        ["pk"] = group.Id.ToString(),
        ["num_pk"] = (long)group.Number,
        ["name"] = group.Name,
        ["is_superuser"] = group.IsSuperuser,
        ["attributes"] = ValueJson.ReadObject(group.AttributesJson),
    });

    private static FactObject EntitlementOf(ApplicationEntitlement entitlement) => new("entitlement", new Dictionary<string, object?>
    {
        ["pk"] = entitlement.Id.ToString(),
        ["name"] = entitlement.Name,
        ["app"] = entitlement.ApplicationId.ToString(),
        ["attributes"] = ValueJson.ReadObject(entitlement.AttributesJson),
    });

    private static FactObject ObjectOf(ProviderApplication application) => new("object", new Dictionary<string, object?>
    {
        ["pk"] = application.Id.ToString(),
        ["name"] = application.Name,
        ["slug"] = application.Slug,
        ["group"] = application.GroupLabel,
        ["type"] = "application",
    });

    private static Table ContextOf(IReadOnlyDictionary<string, object> context)
    {
        var made = new Table();
        foreach (var (key, value) in context)
        {
            made[key] = ValueOf(value);
        }

        if (made.GetValueOrDefault("flow_plan") is Table plan)
        {
            made["flow_plan"] = new FactObject("plan", new Dictionary<string, object?> { ["context"] = plan.GetValueOrDefault("context") ?? new Table() });
        }

        return made;
    }

    private static FactObject HttpOf(Table context, string? clientIp)
    {
        var told = context.GetValueOrDefault("http_request") as Table ?? [];
        context.Remove("http_request");
        return new FactObject("http", new Dictionary<string, object?>
        {
            ["path"] = told.GetValueOrDefault("path") ?? "",
            ["method"] = told.GetValueOrDefault("method") ?? "",
            ["user_agent"] = told.GetValueOrDefault("user_agent") ?? "",
            ["client_ip"] = clientIp ?? "",
        });
    }

    private static object? ValueOf(object? value) => value switch
    {
        null or string or bool or long or double => value,
        int number => (long)number,
        PersonFacts person => UserOf(person),
        System.Text.Json.JsonElement element => ValueJson.Read(element),
        IReadOnlyDictionary<string, object> inner => TableOf(inner),
        IEnumerable<object> list => list.Select(ValueOf).ToList(),
        _ => value.ToString(),
    };

    private static Table TableOf(IReadOnlyDictionary<string, object> values)
    {
        var made = new Table();
        foreach (var (key, value) in values)
        {
            made[key] = ValueOf(value);
        }

        return made;
    }

    private static NetworkValue? AddressOf(string? text) =>
        text is not null && Addresses.TryRead(text, out var address)
            ? new NetworkValue(new System.Net.IPNetwork(address, address.GetAddressBytes().Length * 8), IsAddress: true)
            : null;

    private static string TimeOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string WordOf(UserType type) => type switch
    {
        UserType.External => "external",
        UserType.ServiceAccount => "service_account",
        UserType.InternalServiceAccount => "internal_service_account",
        _ => "internal",
    };
}
