using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Management.Blueprints;
using Gatehouse.Management.Http;
using Gatehouse.Model.Blueprints;
using Gatehouse.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;

namespace Gatehouse.Management.AuthentikV3;

/// <summary>/managed/blueprints/ (contract §4.16).</summary>
internal sealed class Blueprints(GatehouseDb db, SaveBlueprint save, ApplyBlueprint apply, BlueprintFiles files)
{
    private const string Model = "BlueprintInstance";
    private const string Path = "/managed/blueprints/";

    private static readonly Ordering<BlueprintInstance> Orders = new(("name", b => b.Name), ("pk", b => b.Id), ("path", b => b.Path), ("status", b => b.Status));

    public static void Map(ApiRoutes routes) => routes
        .Get<Blueprints>(Path, Need.Superuser, (b, r) => b.ListAsync(r))
        .Post<Blueprints>(Path, Need.Superuser, (b, r) => b.CreateAsync(r))
        .Get<Blueprints>(Path + "available/", Need.Superuser, (b, _) => Task.FromResult(b.Available()))
        .PostForm<Blueprints>(Path + "import/", Need.Superuser, (b, r) => b.ImportAsync(r))
        .Get<Blueprints>(Path + "{id}/", Need.Superuser, (b, r) => b.RetrieveAsync(r))
        .Put<Blueprints>(Path + "{id}/", Need.Superuser, (b, r) => b.UpdateAsync(r, isPartial: false))
        .Patch<Blueprints>(Path + "{id}/", Need.Superuser, (b, r) => b.UpdateAsync(r, isPartial: true))
        .Delete<Blueprints>(Path + "{id}/", Need.Superuser, (b, r) => b.DeleteAsync(r))
        .Post<Blueprints>(Path + "{id}/apply/", Need.Superuser, (b, r) => b.ApplyAsync(r));

    private Task<IResult> ListAsync(ApiRequest request)
    {
        var query = new ListQuery(request.Query);
        var (name, path, search) = (query.Text("name"), query.Text("path"), query.Search);
        var order = query.Order(Orders);
        var blueprints = db.Blueprints.AsNoTracking();
        blueprints = name is not null ? blueprints.Where(b => b.Name == name) : blueprints;
        blueprints = path is not null ? blueprints.Where(b => b.Path == path) : blueprints;
        blueprints = search is { Length: > 0 } text ? blueprints.Search(text, b => b.Name, b => b.Path) : blueprints;
        return query.AnswerAsync(paging => order(blueprints).SliceAsync(paging, request.Aborted), Body);
    }

    private async Task<IResult> RetrieveAsync(ApiRequest request) => Answer.OneOf(
        request.RouteGuid("id") is { } id ? await db.Blueprints.AsNoTracking().SingleOrDefaultAsync(b => b.Id == id, request.Aborted) : null, Model, Body);

    private async Task<IResult> CreateAsync(ApiRequest request)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false).Require("name");
        var fields = Read(body);
        return body.Faults.Count > 0
            ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.CreateAsync(fields, request.Aborted), Model, b => Task.FromResult<IResult>(new JsonAnswer(201, Body(b))));
    }

    private async Task<IResult> UpdateAsync(ApiRequest request, bool isPartial)
    {
        var body = new BodyFields(request.Body, nullIsAbsent: false);
        if (!isPartial)
        {
            body.Require("name");
        }

        var fields = Read(body);
        return request.RouteGuid("id") is not { } id ? Answer.NotFound(Model)
            : body.Faults.Count > 0 ? Answer.Refused(body.Faults)
            : await Answer.OfAsync(await save.UpdateAsync(id, fields, request.Aborted), Model, b => Task.FromResult(Answer.Ok(Body(b))));
    }

    private async Task<IResult> DeleteAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await save.DeleteAsync(id, request.Aborted), Model, _ => Task.FromResult(Answer.NoContent()))
        : Answer.NotFound(Model);

    private async Task<IResult> ApplyAsync(ApiRequest request) => request.RouteGuid("id") is { } id
        ? await Answer.OfAsync(await save.RunAsync(id, request.Caller, request.Aborted), Model, b => Task.FromResult(Answer.Ok(Body(b))))
        : Answer.NotFound(Model);

    private IResult Available() => Answer.List(files.All(), f => new JsonObject
    {
        ["path"] = f.Path,
        ["last_m"] = JsonList.Time(f.ChangedAt),
        ["hash"] = f.Text.Hash,
        ["meta"] = Metadata(f.Text),
    });

    private async Task<IResult> ImportAsync(ApiRequest request)
    {
        if (await ReadFormAsync(request.Http.Request, request.Aborted) is not var (text, context))
        {
            return Answer.Detail(400, "Expected a multipart form with a file, or with the path of one in the blueprints folder.");
        }

        BlueprintText blueprint;
        try
        {
            blueprint = BlueprintText.Read(text);
        }
        catch (BlueprintFaultException fault)
        {
            return Imported(false, [new BlueprintLog(DateTimeOffset.UnixEpoch, "error", fault.Message)]);
        }

        var result = await apply.RunAsync(blueprint, context, request.Caller, isKnown: false, request.Aborted);
        return Imported(result.IsSuccess, result.Logs);
    }

    private async Task<(string Text, JsonObject Context)?> ReadFormAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasFormContentType)
        {
            return null;
        }

        try
        {
            var form = await request.ReadFormAsync(
                new FormOptions { MultipartBodyLengthLimit = BlueprintText.Longest, ValueLengthLimit = BlueprintText.Longest, ValueCountLimit = 16 }, cancellationToken);
            var context = form["context"].ToString() is { Length: > 0 } given ? JsonNode.Parse(given, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject : [];
            if (context is null)
            {
                return null;
            }

            if (form.Files.GetFile("file") is { } file)
            {
                using var reader = new StreamReader(file.OpenReadStream());
                return (await reader.ReadToEndAsync(cancellationToken), context);
            }

            return files.Read(form["path"].ToString()) is { } text ? (text, context) : null;
        }
        catch (Exception fault) when (fault is InvalidDataException or BadHttpRequestException or JsonException or IOException)
        {
            return null; // too long, cut short, or no form after all
        }
    }

    private static IResult Imported(bool isSuccess, IReadOnlyList<BlueprintLog> logs) => Answer.Ok(new JsonObject
    {
        ["success"] = isSuccess,
        ["logs"] = JsonList.Of(logs, l => new JsonObject
        {
            ["timestamp"] = JsonList.Time(l.At),
            ["log_level"] = l.Level,
            ["logger"] = "gatehouse.blueprints",
            ["event"] = l.Text,
            ["attributes"] = new JsonObject(),
        }),
    });

    private static BlueprintFields Read(BodyFields body) => new()
    {
        Name = body.Text("name", BlueprintFields.LongestName, mayBeBlank: false),
        Path = body.Text("path", 1000),
        Content = body.Text("content", BlueprintText.Longest),
        ContextJson = body.ObjectText("context"),
        IsEnabled = body.Flag("enabled"),
    };

    private JsonObject Body(BlueprintInstance blueprint)
    {
        var text = Parse(blueprint);
        return new JsonObject
        {
            ["pk"] = blueprint.Id.ToString(),
            ["name"] = blueprint.Name,
            ["path"] = blueprint.Path,
            ["context"] = JsonNode.Parse(blueprint.ContextJson),
            ["last_applied"] = JsonList.Time(blueprint.LastAppliedAt ?? DateTimeOffset.UnixEpoch),
            ["last_applied_hash"] = blueprint.LastAppliedHash,
            ["status"] = Words.BlueprintStatuses.Of(blueprint.Status),
            ["enabled"] = blueprint.IsEnabled,
            ["managed_models"] = text is null ? [] : JsonList.Of(text.Models),
            ["metadata"] = text is null ? [] : Metadata(text),
            ["content"] = blueprint.Content,
        };
    }

    private BlueprintText? Parse(BlueprintInstance blueprint)
    {
        try
        {
            return save.TextOf(blueprint) is { } text ? BlueprintText.Read(text) : null;
        }
        catch (BlueprintFaultException)
        {
            return null; // its file was changed to something else
        }
    }

    private static JsonObject Metadata(BlueprintText text)
    {
        var labels = new JsonObject();
        foreach (var (name, value) in text.Labels)
        {
            labels[name] = value;
        }

        return new JsonObject { ["name"] = text.Name, ["labels"] = labels };
    }
}
