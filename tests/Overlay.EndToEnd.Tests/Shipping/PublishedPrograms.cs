using System.Diagnostics;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>What deploy/publish.sh makes: once for all tests, for it takes its time.</summary>
public sealed class PublishedPrograms : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);

    public PublishedPrograms()
    {
        using Process publish = Process.Start(
            new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "deploy", "publish.sh"), Directory]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = publish.StandardOutput.ReadToEndAsync();
        Task<string> error = publish.StandardError.ReadToEndAsync();
        if (!publish.WaitForExit(_limit)) publish.Kill(entireProcessTree: true);
        Output = output.Result;
        if (publish.ExitCode != 0) throw new InvalidOperationException($"publish.sh exited with {publish.ExitCode}: {Output}{error.Result}");
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("overlay-published-").FullName;

    /// <summary>What the script said.</summary>
    public string Output { get; }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

/// <summary>Tests that share the published programs.</summary>
[CollectionDefinition(Name)]
public sealed class PublishedProgramsCollection : ICollectionFixture<PublishedPrograms>
{
    public const string Name = "published programs";
}
