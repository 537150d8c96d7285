using Overlay.Lab.Processes;

namespace Overlay.EndToEnd.Tests;

/// <summary>Variables of a daemon that a test starts by another program, such as env or sh.</summary>
internal static class StartEnvironment
{
    /// <summary>The runtime that runs the tests, as NAME=VALUE.</summary>
    public static string DotnetRoot { get; } = $"DOTNET_ROOT={ProductBinary.Environment["DOTNET_ROOT"]}";
}
