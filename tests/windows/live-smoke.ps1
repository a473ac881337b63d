# SPDX-License-Identifier: Apache-2.0
<#
.SYNOPSIS
Collects on this Windows machine for half a minute and looks whether the evidence is right.

.DESCRIPTION
Needs Windows 10 1809 or Server 2019 or later, Windows PowerShell 5.1 and an administrator.
In a folder of its own under ProgramData it

  1. asks "etwitness doctor" whether this host can collect,
  2. installs the service under the name "etwitness-smoke" and starts it,
  3. runs a small .NET program, made with the C# compiler that is part of Windows, and a native
     one (a loop of cmd.exe, or the program that -Native names),
  4. stops the service and reads what it wrote: calls of the .NET program by name, calls below
     the native one, nothing lost, no gaps, documents as their schema says,
  5. removes the service, its sessions and the folder, also when a step failed.

It ends with 0 when everything was as it should be, else with 1. While it runs, no other
etwitness may collect on this machine.

.PARAMETER Program
The etwitness.exe to be tested. It is copied; the file itself is not touched.

.PARAMETER Native
A native program to run instead of cmd.exe. It is started without arguments, should keep a
processor busy, and is ended after the time.

.PARAMETER Seconds
How long the two programs run.

.PARAMETER Keep
Keeps the folder with the evidence, for a look at it.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File live-smoke.ps1 -Program .\etwitness.exe
#>
#Requires -Version 5.1
#Requires -RunAsAdministrator
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)] [string] $Program,
    [string] $Native = '',
    [ValidateRange(10, 3600)] [int] $Seconds = 30,
    [switch] $Keep
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$ServiceName = 'etwitness-smoke'
$Work = Join-Path $env:ProgramData ('etwitness-smoke-' + [Guid]::NewGuid().ToString('N'))
$Exe = Join-Path $Work 'etwitness.exe'
$Config = Join-Path $Work 'smoke.json'
$Evidence = Join-Path $Work 'out'
$script:Failures = 0
$script:Installed = $false
$script:Processes = @()

# The loops are long enough to be sampled, and no call is a tail call: each result is used.
$Source = @'
using System;
using System.Runtime.CompilerServices;
namespace Smoke
{
    static class Work
    {
        [MethodImpl(MethodImplOptions.NoInlining)]
        static int Leaf(int count)
        {
            int sum = 0;
            for (int i = 0; i < count; i++) { sum = unchecked(sum * 31 + i); }
            return sum;
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static int Middle(int count) { return Leaf(count) ^ 1; }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static int Outer(int count) { return Middle(count) ^ 2; }

        static int Main(string[] arguments)
        {
            DateTime end = DateTime.UtcNow.AddSeconds(int.Parse(arguments[0]));
            int all = 0;
            while (DateTime.UtcNow < end) { all ^= Outer(500000); }
            return all == 42 ? 1 : 0;
        }
    }
}
'@

function Confirm-That([bool] $Condition, [string] $What) {
    if ($Condition) {
        Write-Host "ok    $What"
    } else {
        Write-Host "FAIL  $What"
        $script:Failures++
    }
}

# Runs a program, shows what it prints, and fails with it. Standard error is not redirected:
# Windows PowerShell would make an error of every line of it.
function Invoke-Program([string] $Path, [string[]] $Arguments) {
    & $Path @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw ('{0} {1} ended with {2}' -f (Split-Path -Leaf $Path), ($Arguments -join ' '), $LASTEXITCODE)
    }
}

function New-WorkFolder {
    [void](New-Item -ItemType Directory -Path $Work)
    # LocalSystem and administrators, by their SIDs: names of groups depend on the language.
    Invoke-Program 'icacls.exe' @($Work, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', '/q')
    Copy-Item -LiteralPath $Program -Destination $Exe
}

function New-DotNetProgram {
    $compiler = Join-Path $env:windir 'Microsoft.NET\Framework64\v4.0.30319\csc.exe'
    if (-not (Test-Path -LiteralPath $compiler)) {
        throw "$compiler is not there: is the .NET Framework installed?"
    }
    $file = Join-Path $Work 'smokework.cs'
    $path = Join-Path $Work 'smokework.exe'
    [IO.File]::WriteAllText($file, $Source)
    Invoke-Program $compiler @('/nologo', '/optimize+', '/platform:x64', "/out:$path", $file)
    return $path
}

# Without a byte order mark, which JSON does not have.
function Write-Config([string[]] $Names) {
    $settings = @{
        directory     = $Evidence
        windowSeconds = 20
        processes     = $Names
    }
    [IO.File]::WriteAllText($Config, (ConvertTo-Json -InputObject $settings))
}

function Wait-Service([string] $Status, [int] $TimeoutSeconds) {
    $service = Get-Service -Name $ServiceName
    try {
        $service.WaitForStatus($Status, [TimeSpan]::FromSeconds($TimeoutSeconds))
    } finally {
        # An open handle would keep a removed service "marked for deletion".
        $service.Dispose()
    }
}

function Start-Programs([string] $DotNet, [string] $NativePath) {
    $script:Processes += Start-Process -FilePath $DotNet -ArgumentList "$Seconds" -PassThru -WindowStyle Hidden
    if ($Native -ne '') {
        $script:Processes += Start-Process -FilePath $NativePath -PassThru -WindowStyle Hidden
    } else {
        $loop = '/d /c for /L %i in (1,0,2) do @rem'
        $script:Processes += Start-Process -FilePath $NativePath -ArgumentList $loop -PassThru -WindowStyle Hidden
    }
}

function Stop-Programs {
    foreach ($process in $script:Processes) {
        if (-not $process.HasExited) {
            Stop-Process -Id $process.Id -Force -ErrorAction SilentlyContinue
        }
    }
    $script:Processes = @()
}

# All documents, as dictionaries. ConvertFrom-Json of Windows PowerShell stops at 2 MiB.
function Read-Documents {
    Add-Type -AssemblyName System.Web.Extensions
    $reader = New-Object System.Web.Script.Serialization.JavaScriptSerializer
    $reader.MaxJsonLength = [int]::MaxValue
    $folder = Join-Path $Evidence 'evidence'
    if (-not (Test-Path -LiteralPath $folder)) {
        return
    }
    foreach ($file in Get-ChildItem -LiteralPath $folder -Filter 're1-*.json') {
        $reader.DeserializeObject([IO.File]::ReadAllText($file.FullName))
    }
}

# "module!function", or "module!" where a function has no name.
function Get-FunctionNames($Document) {
    foreach ($function in $Document['functions']) {
        $module = $Document['modules'][$function['module']]['name']
        $name = ''
        if ($function.ContainsKey('name')) {
            $name = $function['name']
        }
        '{0}!{1}' -f $module, $name
    }
}

# "caller -> callee" of all adjacent frames.
function Get-Edges($Documents) {
    foreach ($document in $Documents) {
        $names = @(Get-FunctionNames $document)
        foreach ($edge in $document['edges']) {
            if ($edge['adj'] -eq 'frame') {
                '{0} -> {1}' -f $names[$edge['from']], $names[$edge['to']]
            }
        }
    }
}

function Test-Edges([string[]] $Edges, [string] $NativeName) {
    foreach ($pair in @(@('Main', 'Outer'), @('Outer', 'Middle'), @('Middle', 'Leaf'))) {
        $wanted = 'smokework.exe!Smoke.Work.{0} -> smokework.exe!Smoke.Work.{1}' -f $pair[0], $pair[1]
        Confirm-That ($Edges -contains $wanted) "seen: $wanted"
    }
    # Both are exports of Windows, so their names need no symbols; every thread begins so.
    $begin = 'ntdll.dll!RtlUserThreadStart -> kernel32.dll!BaseThreadInitThunk'
    Confirm-That ($Edges -contains $begin) "seen: $begin"
    $into = @($Edges | Where-Object { $_.ToLowerInvariant().Contains("-> $NativeName!".ToLowerInvariant()) })
    Confirm-That ($into.Count -gt 0) "seen: calls into $NativeName"
}

function Test-Losses($Documents) {
    foreach ($name in @('eventsLost', 'buffersLost', 'dropped', 'decodeRefused', 'lostEventRecords')) {
        $sum = 0
        foreach ($document in $Documents) {
            if ($document['quality'].ContainsKey($name)) {
                $sum += $document['quality'][$name]
            }
        }
        Confirm-That ($sum -eq 0) "$name is 0 (it is $sum)"
    }
    $gaps = 0
    foreach ($document in $Documents) {
        if ($document.ContainsKey('gaps') -and $null -ne $document['gaps']) {
            $gaps += @($document['gaps']).Count
        }
    }
    Confirm-That ($gaps -eq 0) "no gap is declared (there are $gaps)"
}

function Test-Evidence([string] $NativeName) {
    $documents = @(Read-Documents)
    Confirm-That ($documents.Count -gt 0) "documents were published (there are $($documents.Count))"
    if ($documents.Count -eq 0) {
        return
    }
    $files = @(Get-ChildItem -LiteralPath (Join-Path $Evidence 'evidence') -Filter 're1-*.json' | ForEach-Object { $_.FullName })
    Invoke-Program $Exe (@('check') + $files)
    Test-Edges @(Get-Edges $documents) $NativeName
    Test-Losses $documents
}

# Each step by itself: what one cannot remove must not keep the others.
function Remove-Everything {
    $steps = @(
        { Stop-Programs },
        {
            if ($script:Installed) {
                & sc.exe stop $ServiceName | Out-Null
                try { Wait-Service 'Stopped' 90 } catch { Write-Host "      $($_.Exception.Message)" }
                Invoke-Program $Exe @('service', 'remove', '--name', $ServiceName)
            }
        },
        {
            $left = @(& logman.exe query -ets | Where-Object { $_ -match '^etwitness-(kernel|user)\b' })
            foreach ($line in $left) {
                Write-Host "      left: $line"
            }
            Confirm-That ($left.Count -eq 0) 'no session of ours is left'
        },
        { Confirm-That ($null -eq (Get-Service -Name $ServiceName -ErrorAction SilentlyContinue)) 'no service of ours is left' },
        {
            if ($Keep) {
                Write-Host "      kept: $Work"
            } elseif (Test-Path -LiteralPath $Work) {
                Remove-Item -LiteralPath $Work -Recurse -Force
            }
        }
    )
    foreach ($step in $steps) {
        try {
            & $step
        } catch {
            Confirm-That $false $_.Exception.Message
        }
    }
}

try {
    if ($null -ne (Get-Service -Name $ServiceName -ErrorAction SilentlyContinue)) {
        throw "a service $ServiceName is there already: remove it first (sc.exe delete $ServiceName)"
    }
    if (@(Get-Process -Name 'etwitness' -ErrorAction SilentlyContinue).Count -ne 0) {
        throw 'another etwitness runs on this machine: stop it first'
    }
    $nativePath = Join-Path $env:windir 'System32\cmd.exe'
    if ($Native -ne '') {
        $nativePath = (Resolve-Path -LiteralPath $Native).ProviderPath
    }
    $nativeName = Split-Path -Leaf $nativePath
    New-WorkFolder
    $dotNet = New-DotNetProgram
    Write-Config @('smokework.exe', $nativeName)

    Invoke-Program $Exe @('doctor', '--config', $Config)
    Invoke-Program $Exe @('service', 'install', '--force', '--name', $ServiceName, '--config', $Config)
    $script:Installed = $true
    Invoke-Program 'sc.exe' @('start', $ServiceName)
    Wait-Service 'Running' 60
    Confirm-That $true 'the service runs'

    Start-Programs $dotNet $nativePath
    Start-Sleep -Seconds ($Seconds + 2)
    Stop-Programs
    Invoke-Program 'sc.exe' @('stop', $ServiceName)
    Wait-Service 'Stopped' 90
    Confirm-That $true 'the service stopped'

    Test-Evidence $nativeName
} catch {
    Confirm-That $false $_.Exception.Message
} finally {
    Remove-Everything
}

if ($script:Failures -ne 0) {
    Write-Host "$($script:Failures) checks failed"
    exit 1
}
Write-Host 'everything is as it should be'
exit 0
