using System.Diagnostics;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>What deploy/publish.sh makes: once for all tests, for it takes its time.</summary>
/// <remarks>PUBLISHED_PROGRAMS names a directory where it has been done already; what the script said stands beside it, with ".log".</remarks>
public sealed class PublishedPrograms : IDisposable
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);

    private readonly string? _given = Environment.GetEnvironmentVariable("PUBLISHED_PROGRAMS");
    private readonly string _directory;
    private readonly Lazy<string> _output;

    public PublishedPrograms()
    {
        _directory = _given ?? System.IO.Directory.CreateTempSubdirectory("overlay-published-").FullName;
        _output = new(() => _given is null ? Publish() : File.ReadAllText($"{_given}.log"));
    }

    /// <summary>Where they are.</summary>
    public string Directory => _output.Value.Length > 0 ? _directory : throw new InvalidOperationException("publish.sh has said nothing");

    /// <summary>What the script said.</summary>
    public string Output => _output.Value;

    public void Dispose()
    {
        if (_given is null) System.IO.Directory.Delete(_directory, recursive: true);
    }

    private string Publish()
    {
        string script = Path.Combine(Repository.Root, "deploy", "publish.sh");
        using Process publish = Process.Start(new ProcessStartInfo("bash", [script, _directory]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = publish.StandardOutput.ReadToEndAsync();
        Task<string> error = publish.StandardError.ReadToEndAsync();
        if (!publish.WaitForExit(_limit)) publish.Kill(entireProcessTree: true);
        return publish.ExitCode == 0 ? output.Result : throw new InvalidOperationException($"publish.sh exited with {publish.ExitCode}: {output.Result}{error.Result}");
    }
}

/// <summary>Tests that share the published programs.</summary>
[CollectionDefinition(Name)]
public sealed class PublishedProgramsCollection : ICollectionFixture<PublishedPrograms>
{
    public const string Name = "published programs";
}
