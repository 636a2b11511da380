using System.Text.Json.Serialization;
using Gatehouse.Model.Settings;

namespace Gatehouse.Store;

/// <summary>The JSON shape in which <see cref="SystemSettings"/> are kept.</summary>
[JsonSerializable(typeof(SystemSettings))]
public sealed partial class SettingShapes : JsonSerializerContext;
